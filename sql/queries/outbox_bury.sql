-- Messages whose last attempt ended with its lease, not with an outcome.
UPDATE outbox_messages
   SET status = 'failed',
       last_error = coalesce(last_error, 'the worker stopped during the last attempt')
 WHERE id IN (
    SELECT id
      FROM outbox_messages
     WHERE status = 'pending' AND next_attempt_at <= now() AND attempts >= $1::int
     LIMIT 1000
       FOR UPDATE SKIP LOCKED)
RETURNING id
