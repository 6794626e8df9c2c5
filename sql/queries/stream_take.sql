-- Takes the next events of the live stream $1, in the order of their commits,
-- and moves the stream's cursor past them. This is committed before any event
-- is published, so that no event is published twice. Only events below every
-- open transaction are taken, so that no event is missed. If more than $2
-- events or $3 bytes are waiting, the newest are taken and `skipped` is true;
-- an event that is too long by itself is skipped as well.
--
-- A stream can be ahead of the server: after a restore from a backup, or a
-- fail-over to a server that had received less. The stream then goes back to
-- the last event that is at least a minute older than its last move; both
-- servers have that event.
--
-- One row for each event: the cursors before and after the batch (`before`,
-- `behind`), skipped, service, and the event as GET /events returns it (a test
-- compares the two). If all events were skipped, one row without an event. No
-- row: there is nothing new, another session has the stream locked, or the
-- stream has just begun.
-- takes: name events bytes
-- returns: before behind skipped service event
WITH fresh AS (
    INSERT INTO streams (name, tx, id, updated_at)
    SELECT $1, (pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1)::text::xid8,
           'ffffffff-ffff-ffff-ffff-ffffffffffff', now()
     WHERE NOT EXISTS (SELECT FROM streams WHERE name = $1)
    ON CONFLICT DO NOTHING
    RETURNING name
), forgotten AS (
    DELETE FROM streams USING fresh WHERE streams.updated_at < now() - interval '7 days'
), locked AS (
    SELECT tx, id, updated_at, tx > pg_snapshot_xmax(pg_current_snapshot()) AS ahead
      FROM streams
     WHERE name = $1
       FOR UPDATE SKIP LOCKED
), stream AS (
    SELECT coalesce(b.tx, CASE WHEN ahead THEN '0'::xid8 ELSE locked.tx END) AS tx,
           coalesce(b.id, CASE WHEN ahead THEN '00000000-0000-0000-0000-000000000000'::uuid ELSE locked.id END) AS id
      FROM locked LEFT JOIN LATERAL (
        SELECT e.tx, e.id
          FROM events AS e
         WHERE locked.ahead AND e.tx < pg_snapshot_xmin(pg_current_snapshot())
           AND e.created_at < locked.updated_at - interval '1 minute'
         ORDER BY e.tx DESC, e.id DESC
         LIMIT 1) AS b ON true
), waiting AS (
    SELECT e.*, row_number() OVER newest AS n
      FROM stream, LATERAL (
        SELECT w.*, pg_column_size(w.payload) + coalesce(pg_column_size(w.normalized_payload), 0) AS stored
          FROM events AS w
         WHERE (w.tx, w.id) > (stream.tx, stream.id)
           AND w.tx < pg_snapshot_xmin(pg_current_snapshot())
         ORDER BY w.tx DESC, w.id DESC
         LIMIT $2::int + 1) AS e
    WINDOW newest AS (ORDER BY e.tx DESC, e.id DESC)
), roughly AS (
    -- By the stored size, which is known without reading the value, so that
    -- large payloads that will not be sent are not read.
    SELECT *, n <= $2::int AND stored <= $3::int
              AND sum(stored) FILTER (WHERE stored <= $3::int) OVER (ORDER BY n) <= $3::int AS may
      FROM waiting
), written AS MATERIALIZED (
    SELECT tx, id, service, n,
           CASE WHEN may THEN
               concat('{"id":"', id, '","service":', to_json(service),
                      ',"timestamp":"', rfc3339("timestamp"), '","payload":', payload,
                      ',"normalized_payload":', coalesce(normalized_payload, 'null'),
                      ',"deduplication_key":', coalesce(to_json(deduplication_key), 'null'),
                      ',"source_event_id":', coalesce(to_json(source_event_id), 'null'),
                      ',"created_at":"', rfc3339(created_at), '"}') END AS event
      FROM roughly
), measured AS (
    SELECT *, coalesce(octet_length(event) <= $3::int
              AND sum(octet_length(event)) FILTER (WHERE octet_length(event) <= $3::int)
                  OVER (ORDER BY n) <= $3::int, false) AS fits
      FROM written
), taken AS (
    SELECT bool_or(NOT fits) AS skipped FROM measured HAVING count(*) > 0
), moved AS (
    UPDATE streams AS s
       SET tx = m.tx, id = m.id, updated_at = now()
      FROM measured AS m
     WHERE s.name = $1 AND m.n = 1
)
SELECT stream.tx || '.' || stream.id AS before,
       (SELECT tx || '.' || id FROM measured WHERE n = 1) AS behind,
       taken.skipped, m.service, m.event
  FROM stream CROSS JOIN taken LEFT JOIN measured AS m ON m.fits
 ORDER BY m.n DESC
