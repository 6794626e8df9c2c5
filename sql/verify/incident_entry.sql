-- Verify smartcity:incident_entry on pg

BEGIN;

SELECT entry_event_id, entry_watched FROM incidents WHERE false;

ROLLBACK;
