-- Verify smartcity:event_indexes on pg

SELECT 1 / (count(*) = 3)::int FROM pg_index
 WHERE indisvalid AND indexrelid IN ('events_derived_idx'::regclass,
       'events_derived_service_idx'::regclass, 'events_own_time_idx'::regclass);
