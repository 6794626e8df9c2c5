-- Verify smartcity:rejected on pg

BEGIN;

SELECT id, service, deduplication_key, reasons, body, created_at
  FROM rejected_events WHERE false;

ROLLBACK;
