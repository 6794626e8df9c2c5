-- Lease up to $1 due messages for $2 seconds, oldest first. The attempt is
-- counted before it is made: a message that kills its worker counts too.
WITH due AS (
    SELECT id
      FROM outbox_messages
     WHERE status = 'pending' AND next_attempt_at <= now() AND attempts < $3::int
     ORDER BY next_attempt_at
     LIMIT $1::int
       FOR UPDATE SKIP LOCKED
)
UPDATE outbox_messages AS m
   SET attempts = m.attempts + 1,
       next_attempt_at = now() + $2::int * interval '1 second'
  FROM due
 WHERE m.id = due.id
RETURNING m.id, m.event_id, m.topic, m.payload, m.attempts
