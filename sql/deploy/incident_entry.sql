-- Deploy smartcity:incident_entry to pg
-- requires: events

BEGIN;

-- One statement can hold several reports of an incident. What its first report
-- finds cannot be returned by INSERT … ON CONFLICT, except through columns. As
-- in request_id.sql: a matter of the catalogue alone, waiting a little at a time.
DO $$ BEGIN
    FOR i IN 1 .. 300 LOOP
        BEGIN
            SET LOCAL lock_timeout = '100ms';
            ALTER TABLE incidents
                ADD COLUMN entry_event_id uuid,
                ADD COLUMN entry_watched  text;
            RETURN;
        EXCEPTION
            WHEN lock_not_available THEN
                PERFORM pg_sleep(0.1);
        END;
    END LOOP;
    RAISE 'a transaction has held incidents for a minute: end it, and deploy again';
END $$;

COMMENT ON COLUMN incidents.entry_event_id IS
    'Of the statement that reported last: the derived event that stands for its first report.';
COMMENT ON COLUMN incidents.entry_watched IS
    'Of the statement that reported last: the watched field in its first report.';

COMMIT;
