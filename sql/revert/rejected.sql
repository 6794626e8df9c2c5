-- Revert smartcity:rejected from pg

BEGIN;

DROP TABLE rejected_events;

COMMIT;
