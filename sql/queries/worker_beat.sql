-- A worker's heartbeat, with its metrics $2. Deletes workers not seen for an
-- hour, and workers whose last_seen_at a wrong clock has put into the future.
-- takes: name metrics
WITH gone AS (
    DELETE FROM workers
     WHERE name <> $1::text
       AND (last_seen_at < now() - interval '1 hour' OR last_seen_at > now() + interval '1 hour')
)
INSERT INTO workers (name, started_at, last_seen_at, metrics)
VALUES ($1::text, now(), now(), $2::json)
ON CONFLICT (name) DO UPDATE SET last_seen_at = now(), metrics = excluded.metrics,
    started_at = least(workers.started_at, now())
