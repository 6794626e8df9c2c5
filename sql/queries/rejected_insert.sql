-- Keeps an event that failed its schema, with the reasons that its sender got.
-- takes: id service deduplication_key reasons body
INSERT INTO rejected_events (id, service, deduplication_key, reasons, body, created_at)
VALUES ($1::uuid, $2::text, $3::text, $4::json, $5::bytea, now())
ON CONFLICT (id) DO NOTHING
