-- Changes what the JSON names and nothing else (RFC 7396). "paused": false
-- lifts whatever holds deliveries back: they are due again at once. Another
-- ordering is that of deliveries made from here on.
WITH arg AS (
    SELECT $1::uuid AS id, $2::jsonb AS patch
)
UPDATE subscriptions AS s
   SET (topic, url, description, retry_schedule, ordering, max_in_flight, expires_after, paused) = (
       SELECT c.topic, c.url, c.description, c.retry_schedule, c.ordering, c.max_in_flight,
              c.expires_after, c.paused
         FROM jsonb_populate_record(s, patch) AS c),
       disabled_reason = CASE WHEN NOT patch @> '{"paused": false}' THEN s.disabled_reason END,
       failures = CASE WHEN patch @> '{"paused": false}' THEN 0 ELSE s.failures END,
       trips = CASE WHEN patch @> '{"paused": false}' THEN 0 ELSE s.trips END,
       open_until = CASE WHEN NOT patch @> '{"paused": false}' THEN s.open_until END,
       woken_at = CASE WHEN patch @> '{"paused": false}' THEN now() ELSE s.woken_at END,
       updated_at = CASE WHEN patch = '{}' THEN s.updated_at ELSE now() END
  FROM arg
 WHERE s.id = arg.id AND s.deleted_at IS NULL
RETURNING subscription_json(s, now()), s.topic
