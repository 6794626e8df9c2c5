-- Writes one event that has neither a sender's key nor findings, as most
-- events. If the statement is repeated under the same id, because the first
-- answer was lost, it fails with 23505.
-- takes: id service timestamp payload normalized_payload request_id
INSERT INTO events (id, service, "timestamp", payload, normalized_payload, request_id, created_at)
VALUES ($1::uuid, $2::text, $3::timestamptz, $4::json, $5::json, $6::text, now())
