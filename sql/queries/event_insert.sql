-- events_insert.sql for one event: without arrays it takes less time.
-- takes: id service timestamp own_time payload normalized_payload request_id
INSERT INTO events (id, service, "timestamp", own_time, payload, normalized_payload, request_id, created_at)
VALUES ($1::uuid, $2::text, $3::timestamptz, $4::boolean, $5::json, $6::json, $7::text, now())
