-- Revert smartcity:incident_entry from pg

BEGIN;

ALTER TABLE incidents
    DROP COLUMN entry_event_id,
    DROP COLUMN entry_watched;

COMMIT;
