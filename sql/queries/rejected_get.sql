-- One rejected event by its id.
-- takes: id
-- returns: id service deduplication_key reasons body created_at body_bytes
SELECT id, service, deduplication_key, reasons, body, created_at,
       octet_length(body) AS body_bytes
  FROM rejected_events
 WHERE id = $1::uuid
