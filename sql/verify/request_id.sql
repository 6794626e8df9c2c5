-- Verify smartcity:request_id on pg

BEGIN;

SELECT request_id FROM events WHERE false;

ROLLBACK;
