-- One rejected event by its id.
SELECT id, service, deduplication_key, reasons, body, created_at
  FROM rejected_events
 WHERE id = $1::uuid
