-- Used while nobody watches the live stream $1: moves the stream's cursor past
-- everything committed at the moment $2. An earlier call returned $2 ('' at
-- first), and nginx was asked for its number of viewers after that, so a viewer
-- that came later has missed nothing. The cursor never moves back, unless the
-- stream is ahead of the server, as in stream_take.sql. Returns the present
-- moment: an xid8 below which every transaction has ended. When a stream
-- begins, streams not used for a week are deleted.
-- takes: name moment
-- returns: moment
WITH forgotten AS (
    DELETE FROM streams
     WHERE updated_at < now() - interval '7 days'
       AND NOT EXISTS (SELECT FROM streams WHERE name = $1)
), moved AS (
    INSERT INTO streams AS s (name, tx, id, updated_at)
    SELECT $1, (coalesce(nullif($2::text, ''), pg_snapshot_xmin(pg_current_snapshot())::text)::bigint - 1)::text::xid8,
           'ffffffff-ffff-ffff-ffff-ffffffffffff', now()
    ON CONFLICT (name) DO UPDATE SET tx = excluded.tx, id = excluded.id, updated_at = now()
     WHERE $2::text <> ''
       AND ((s.tx, s.id) < (excluded.tx, excluded.id) OR s.tx > pg_snapshot_xmax(pg_current_snapshot()))
)
SELECT pg_snapshot_xmin(pg_current_snapshot()) AS moment
