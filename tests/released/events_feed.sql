-- Events in commit order after the cursor ($1, $2), exclusive. Only what lies
-- below every transaction still open (the horizon), so that no event is ever
-- skipped. Every row has the horizon, and where there is no event a row has
-- nothing else: a page that is not full has seen all below it, and the next
-- one can start there, however few events pass the filter.
WITH horizon AS (
    SELECT greatest($1::xid8, pg_snapshot_xmin(pg_current_snapshot())) AS tx
)
SELECT e.*, h.tx AS horizon
  FROM horizon AS h LEFT JOIN LATERAL (
    SELECT id, service, "timestamp", payload, normalized_payload, deduplication_key,
           source_event_id, created_at, tx
      FROM events
     WHERE (tx, id) > ($1::xid8, $2::uuid)
       AND tx < pg_snapshot_xmin(pg_current_snapshot())
       AND ($4::text IS NULL OR service = $4::text)
     ORDER BY tx, id
     LIMIT $3::int) AS e ON true
 ORDER BY e.tx, e.id
