-- The outcome of a batch of attempts: [{id, attempt, status, delay, error}].
-- An attempt that lost its lease no longer matches and changes nothing.
WITH outcome AS (
    SELECT * FROM json_to_recordset($1::json) AS o(
           id uuid, attempt int, status text, delay double precision, error text)
)
UPDATE outbox_messages AS m
   SET status = o.status,
       next_attempt_at = now() + o.delay * interval '1 second',
       published_at = CASE WHEN o.status = 'sent' THEN now() END,
       last_error = coalesce(o.error, m.last_error)
  FROM outcome AS o
 WHERE m.id = o.id AND m.attempts = o.attempt AND m.status = 'pending'
RETURNING m.id
