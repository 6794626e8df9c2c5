-- Events in commit order after the cursor ($1, $2), exclusive. Only what lies
-- below every transaction still open, so that no event is ever skipped.
SELECT id, service, "timestamp", payload, normalized_payload, deduplication_key,
       source_event_id, created_at, tx
  FROM events
 WHERE (tx, id) > ($1::xid8, $2::uuid)
   AND tx < pg_snapshot_xmin(pg_current_snapshot())
   AND ($4::text IS NULL OR service = $4::text)
 ORDER BY tx, id
 LIMIT $3::int
