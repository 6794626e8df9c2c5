-- One event by its id.
-- takes: id
-- returns: id service timestamp payload normalized_payload deduplication_key source_event_id created_at
SELECT id, service, "timestamp", payload, normalized_payload, deduplication_key,
       source_event_id, created_at
  FROM events
 WHERE id = $1::uuid
