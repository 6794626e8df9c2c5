-- Verify smartcity:event_time on pg

BEGIN;

SELECT own_time FROM events WHERE false;

ROLLBACK;
