-- One event by one INSERT: what PostgreSQL does by itself. (The product stores
-- several at once where it can.)
-- takes: id service timestamp payload normalized_payload request_id
INSERT INTO events (id, service, "timestamp", payload, normalized_payload, request_id, created_at)
VALUES ($1::uuid, $2::text, $3::timestamptz, $4::json, $5::json, $6::text, now())
