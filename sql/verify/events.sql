-- Verify smartcity:events on pg

BEGIN;

SELECT id, tx, service, "timestamp", created_at, source_event_id,
       deduplication_key, derived_event_ids, payload, normalized_payload
  FROM events WHERE false;
SELECT service, key, event_id FROM event_keys WHERE false;
SELECT service, key, event_id, opened_at, last_seen_at, closes_at, reminds_at,
       occurrences, watched
  FROM incidents WHERE false;
SELECT 1 / count(*) FROM pg_inherits
 WHERE inhparent = 'events'::regclass AND inhrelid <> 'events_default'::regclass;
SELECT 1 / (uuid_v7_floor('2026-11-23 00:00:00Z') = '01a205b3-d000-0000-0000-000000000000')::int;

ROLLBACK;
