-- Revert smartcity:event_indexes from pg

DROP INDEX events_derived_idx, events_derived_service_idx, events_own_time_idx;
