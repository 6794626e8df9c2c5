-- Verify smartcity:delivery on pg

BEGIN;

SELECT id, topic, url, description, retry_schedule, ordering, max_in_flight, expires_after, paused,
       disabled_reason, secret, old_secret, old_secret_until, failures, trips, open_until, woken_at,
       created_at, updated_at, deleted_at
  FROM subscriptions WHERE false;
SELECT id, topic, payload, source, subject, causation_id, occurred_at, request_id, traceparent, created_at
  FROM outbox_messages WHERE false;
SELECT message_id, subscription_id, status, attempts, attempts_before, next_attempt_at, subject,
       last_error, created_at, settled_at, replayed_at
  FROM deliveries WHERE false;
SELECT message_id, subscription_id, attempt, started_at, duration_ms, http_status, error, detail,
       address, answer
  FROM delivery_attempts WHERE false;
SELECT name, tx, id, updated_at FROM streams WHERE false;
SELECT 1 / (rfc3339('2026-11-24 10:00:00.5+00') = '2026-11-24T10:00:00.500000Z')::int;
SELECT subscription_json(s, now()) FROM subscriptions AS s WHERE false;
SELECT message_json(m) FROM outbox_messages AS m WHERE false;
SELECT delivery_state(d, s, now()) FROM deliveries AS d, subscriptions AS s WHERE false;
SELECT 1 / (message_state('{delivered,held}') = 'held')::int;

ROLLBACK;
