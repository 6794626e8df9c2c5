-- This worker lives, and has counted $2; workers not seen for an hour are
-- forgotten.
WITH gone AS (
    DELETE FROM workers WHERE last_seen_at < now() - interval '1 hour'
)
INSERT INTO workers (name, started_at, last_seen_at, metrics)
VALUES ($1::text, now(), now(), $2::json)
ON CONFLICT (name) DO UPDATE SET last_seen_at = now(), metrics = excluded.metrics
