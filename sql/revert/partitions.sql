-- Revert smartcity:partitions from pg

BEGIN;

-- What was copied is still in events_default.
DROP TABLE IF EXISTS events_staged;
DROP FUNCTION events_default_drain();
DROP FUNCTION events_default_replace(xid8, uuid);
DROP FUNCTION events_partition_create(text, timestamptz);
DROP FUNCTION uuid_v7_week(uuid);

-- As in deploy/events.sql.
CREATE OR REPLACE FUNCTION events_partitions_ensure(ahead int) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
    made int := 0;
    week timestamptz;
    name text;
    low  uuid;
    high uuid;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('events_partitions_ensure'));
    FOR week IN
        SELECT w AT TIME ZONE 'UTC'
          FROM generate_series(date_trunc('week', now() AT TIME ZONE 'UTC'),
                               date_trunc('week', now() AT TIME ZONE 'UTC') + ahead * interval '1 week',
                               interval '1 week') AS w
    LOOP
        name := 'events_' || to_char(week AT TIME ZONE 'UTC', 'IYYY"w"IW');
        CONTINUE WHEN to_regclass(name) IS NOT NULL;
        low  := uuid_v7_floor(week);
        high := uuid_v7_floor(week + interval '7 days');
        EXECUTE format('CREATE TABLE %I (LIKE events INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', name);
        IF EXISTS (SELECT FROM events_default WHERE id >= low AND id < high) THEN
            LOCK TABLE events IN SHARE ROW EXCLUSIVE MODE;
            EXECUTE format('WITH moved AS (DELETE FROM events_default WHERE id >= %L AND id < %L RETURNING *)
                            INSERT INTO %I SELECT * FROM moved', low, high, name);
        END IF;
        EXECUTE format('ALTER TABLE events ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', name, low, high);
        made := made + 1;
    END LOOP;
    RETURN made;
END $$;

COMMIT;
