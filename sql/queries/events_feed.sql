-- Events in the order of their commits, after the cursor ($1, $2), exclusive.
-- Only events below every open transaction (the horizon) are shown, so that
-- none is ever skipped. Every row has the horizon; if there are no events, one
-- row has only the horizon. A page that is not full ends at the horizon, so the
-- next page can start there, however few events pass the filter. Payloads as
-- in events_page.sql. `ahead`: this server has not reached the cursor's
-- transaction number, so the cursor is from another server.
-- takes: tx id limit service
-- returns: id service timestamp payload normalized_payload deduplication_key source_event_id created_at
-- returns: tx horizon ahead
WITH horizon AS (
    SELECT greatest($1::xid8, pg_snapshot_xmin(pg_current_snapshot())) AS tx,
           $1::xid8 > pg_snapshot_xmax(pg_current_snapshot()) AS ahead
), listed AS (
    SELECT id, service, "timestamp", payload, normalized_payload, deduplication_key,
           source_event_id, created_at, tx
      FROM events
     WHERE (tx, id) > ($1::xid8, $2::uuid)
       AND tx < pg_snapshot_xmin(pg_current_snapshot())
       AND ($4::text IS NULL OR service = $4::text)
     ORDER BY tx, id
     LIMIT $3::int
)
SELECT e.id, e.service, e."timestamp",
       CASE WHEN CASE WHEN pg_column_compression(e.payload) IS NULL
                      THEN pg_column_size(e.payload) ELSE octet_length(e.payload::text) END <= 40960
             AND CASE WHEN pg_column_compression(e.normalized_payload) IS NULL
                      THEN coalesce(pg_column_size(e.normalized_payload), 0)
                      ELSE octet_length(e.normalized_payload::text) END <= 40960
            THEN e.payload END AS payload,
       CASE WHEN pg_column_size(e.normalized_payload) <= 40960
            THEN e.normalized_payload END AS normalized_payload,
       e.deduplication_key, e.source_event_id, e.created_at,
       e.tx::text AS tx, h.tx::text AS horizon, h.ahead
  FROM horizon AS h LEFT JOIN listed AS e ON true
 ORDER BY e.tx, e.id
