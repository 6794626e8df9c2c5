-- A page of all events, newest first, older than the cursor ($1, exclusive).
SELECT id, service, "timestamp", payload, normalized_payload, deduplication_key,
       source_event_id, created_at
  FROM events
 WHERE id < $1::uuid
 ORDER BY id DESC
 LIMIT $2::int OFFSET $3::bigint
