-- The services whose viewers of the live stream $1 can have missed events after
-- nginx lost its messages: a row for each service that had events within the
-- last minute. Each row has the stream's cursor, and the cursor of the last
-- event before that minute, which is twice as long as nginx keeps a message.
-- takes: name
-- returns: cursor mark service
WITH stream AS (
    SELECT tx, id
      FROM streams
     WHERE name = $1 AND tx <= pg_snapshot_xmax(pg_current_snapshot())
), mark AS (
    SELECT e.tx, e.id
      FROM stream, LATERAL (
        SELECT tx, id
          FROM events
         WHERE (tx, id) <= (stream.tx, stream.id) AND created_at < now() - interval '1 minute'
         ORDER BY tx DESC, id DESC
         LIMIT 1) AS e
)
SELECT stream.tx || '.' || stream.id AS cursor, coalesce(mark.tx || '.' || mark.id, '0') AS mark, recent.service
  FROM stream LEFT JOIN mark ON true, LATERAL (
    SELECT DISTINCT service
      FROM events
     WHERE (tx, id) <= (stream.tx, stream.id)
       AND (tx, id) > (coalesce(mark.tx, '0'), coalesce(mark.id, '00000000-0000-0000-0000-000000000000'))) AS recent
