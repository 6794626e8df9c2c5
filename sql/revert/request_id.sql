-- Revert smartcity:request_id from pg

BEGIN;

ALTER TABLE events DROP COLUMN request_id;
ALTER TABLE IF EXISTS events_staged DROP COLUMN request_id;

COMMIT;
