-- Deploy smartcity:incident_entry to pg
-- requires: events

BEGIN;

-- One statement can hold several reports of an incident. What its first report
-- finds cannot be returned by INSERT … ON CONFLICT, except through columns.
SET LOCAL lock_timeout = '10s';
ALTER TABLE incidents
    ADD COLUMN entry_event_id uuid,
    ADD COLUMN entry_watched  text;

COMMENT ON COLUMN incidents.entry_event_id IS
    'Of the statement that reported last: the derived event that stands for its first report.';
COMMENT ON COLUMN incidents.entry_watched IS
    'Of the statement that reported last: the watched field in its first report.';

COMMIT;
