-- One rejected event by its id.
SELECT id, service, deduplication_key, reasons, body, created_at,
       octet_length(body)
  FROM rejected_events
 WHERE id = $1::uuid
