-- Writes events that have neither a sender's key nor findings, as most events,
-- one for each element of the arrays. If the statement is repeated under the
-- same ids, because the first answer was lost, it fails with 23505.
-- takes: id service timestamp own_time payload normalized_payload request_id
INSERT INTO events (id, service, "timestamp", own_time, payload, normalized_payload, request_id, created_at)
SELECT e.*, now()
  FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::boolean[], $5::json[], $6::json[], $7::text[]) AS e
