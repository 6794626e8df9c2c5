-- Verify smartcity:outbox on pg

BEGIN;

SELECT id, topic, payload, created_at
  FROM outbox_messages WHERE false;
SELECT name, started_at, last_seen_at FROM workers WHERE false;

ROLLBACK;
