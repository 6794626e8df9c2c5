-- Verify smartcity:partitions on pg

BEGIN;

SELECT 1 / (uuid_v7_week('01a205b3-d000-0000-0000-000000000000') = '2026-11-23 00:00:00Z')::int;
SELECT 1 / (uuid_v7_week('01a205b3-cfff-7fff-bfff-ffffffffffff') = '2026-11-16 00:00:00Z')::int;
SELECT has_function_privilege('events_partition_create(text, timestamptz)', 'execute'),
       has_function_privilege('events_default_replace(xid8, uuid)', 'execute'),
       has_function_privilege('events_default_drain()', 'execute'),
       has_function_privilege('events_partitions_ensure(int)', 'execute');

ROLLBACK;
