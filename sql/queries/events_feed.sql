-- Events in the order of their commits, after the cursor ($1, $2), exclusive.
-- Only events below every open transaction (the horizon) are shown, so that
-- none is ever skipped. Every row has the horizon; if there are no events, one
-- row has only the horizon. A page that is not full ends at the horizon, so the
-- next page can start there, however few events pass the filter. The size is
-- bounded, with `more`, as in events_page.sql. `ahead`: this server has not
-- reached the cursor's transaction number, so the cursor is from another
-- server.
-- takes: tx id limit service
-- returns: id service timestamp payload normalized_payload deduplication_key source_event_id created_at
-- returns: more tx horizon ahead
WITH horizon AS (
    SELECT greatest($1::xid8, pg_snapshot_xmin(pg_current_snapshot())) AS tx,
           $1::xid8 > pg_snapshot_xmax(pg_current_snapshot()) AS ahead
), listed AS (
    SELECT id, service, "timestamp", payload, normalized_payload, deduplication_key,
           source_event_id, created_at, tx,
           pg_column_size(payload)::float8 * CASE WHEN pg_column_compression(payload) IS NULL THEN 1 ELSE 256 END
           + coalesce(pg_column_size(normalized_payload)::float8
                      * CASE WHEN pg_column_compression(normalized_payload) IS NULL THEN 1 ELSE 256 END, 0) AS bytes
      FROM events
     WHERE (tx, id) > ($1::xid8, $2::uuid)
       AND tx < pg_snapshot_xmin(pg_current_snapshot())
       AND ($4::text IS NULL OR service = $4::text)
     ORDER BY tx, id
     LIMIT $3::int
), added AS (
    SELECT *, sum(bytes) OVER w AS total, lead(true) OVER w AS more
      FROM listed
    WINDOW w AS (ORDER BY tx, id ROWS UNBOUNDED PRECEDING)
)
SELECT e.id, e.service, e."timestamp", e.payload, e.normalized_payload, e.deduplication_key,
       e.source_event_id, e.created_at, e.more, e.tx, h.tx AS horizon, h.ahead
  FROM horizon AS h LEFT JOIN added AS e ON e.total <= 8388608 OR e.total = e.bytes
 ORDER BY e.tx, e.id
