-- Deploy smartcity:request_id to pg
-- requires: partitions

BEGIN;

-- A column without a default is a matter of the catalogue alone, whatever the
-- table holds. What it waits for everybody else waits behind: hence a little at
-- a time. events_staged is there while the worker drains events_default.
DO $$ BEGIN
    FOR i IN 1 .. 300 LOOP
        BEGIN
            SET LOCAL lock_timeout = '100ms';
            ALTER TABLE events ADD COLUMN request_id text;
            ALTER TABLE IF EXISTS events_staged ADD COLUMN request_id text;
            RETURN;
        EXCEPTION
            WHEN lock_not_available THEN
                PERFORM pg_sleep(0.1);
        END;
    END LOOP;
    RAISE 'a transaction has held events for a minute: end it, and deploy again';
END $$;

COMMENT ON COLUMN events.request_id IS
    'The request that brought it or made it: nginx''s log, the pool''s and the worker''s have it too.';

COMMIT;
