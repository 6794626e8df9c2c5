-- One event with neither a sender's key nor findings, which is most of them.
-- A repeat under the same id (the first answer was cut off) is 23505.
-- takes: id service timestamp payload normalized_payload request_id
INSERT INTO events (id, service, "timestamp", payload, normalized_payload, request_id, created_at)
VALUES ($1::uuid, $2::text, $3::timestamptz, $4::json, $5::json, $6::text, now())
