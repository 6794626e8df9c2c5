-- One event by its id. It is from low to high (exclusive), which let the planner
-- choose its partition.
-- takes: id low high
-- returns: id service timestamp payload normalized_payload deduplication_key source_event_id created_at
SELECT id, service, "timestamp", payload, normalized_payload, deduplication_key,
       source_event_id, created_at
  FROM events
 WHERE id = $1::uuid AND id >= $2::uuid AND id < $3::uuid
