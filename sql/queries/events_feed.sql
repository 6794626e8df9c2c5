-- Events in commit order after the cursor ($1, $2), exclusive. Only what lies
-- below every transaction still open (the horizon), so that no event is ever
-- skipped. Every row has the horizon, and where there is no event a row has
-- nothing else: a page that is not full has seen all below it, and the next
-- one can start there, however few events pass the filter. Bounded, with `more`,
-- as events_page.sql. `ahead`: no transaction of this server has the
-- cursor's number yet, so no cursor of its own is beyond it.
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
