-- Verify smartcity:outbox on pg

BEGIN;

SELECT id, event_id, topic, payload, status, attempts, next_attempt_at,
       published_at, last_error, created_at
  FROM outbox_messages WHERE false;
SELECT name, started_at, last_seen_at FROM workers WHERE false;

ROLLBACK;
