-- Deploy smartcity:event_time to pg
-- requires: request_id

BEGIN;

-- As in request_id.sql: a matter of the catalogue alone, waiting a little at a
-- time, and for the table that the worker drains events_default into, too.
DO $$ BEGIN
    FOR i IN 1 .. 300 LOOP
        BEGIN
            SET LOCAL lock_timeout = '100ms';
            ALTER TABLE events ADD COLUMN own_time boolean;
            ALTER TABLE IF EXISTS events_staged ADD COLUMN own_time boolean;
            RETURN;
        EXCEPTION
            WHEN lock_not_available THEN
                PERFORM pg_sleep(0.1);
        END;
    END LOOP;
    RAISE 'a transaction has held events for a minute: end it, and deploy again';
END $$;

COMMENT ON COLUMN events.own_time IS
    'True: the sender gave "timestamp". NULL: "timestamp" is the time of receipt, which id has too.';

COMMIT;
