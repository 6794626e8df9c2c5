-- Revert smartcity:events from pg

BEGIN;

DROP TABLE incidents;
DROP TABLE event_keys;
DROP FUNCTION events_partitions_ensure(int);
DROP FUNCTION uuid_v7_floor(timestamptz);
DROP TABLE events;

COMMIT;
