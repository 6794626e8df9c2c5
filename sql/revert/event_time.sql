-- Revert smartcity:event_time from pg

BEGIN;

ALTER TABLE events DROP COLUMN own_time;
ALTER TABLE IF EXISTS events_staged DROP COLUMN own_time;

COMMIT;
