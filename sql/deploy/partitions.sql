-- Deploy smartcity:partitions to pg
-- requires: delivery

BEGIN;

-- The week, in UTC, that a UUIDv7 was made in.
CREATE FUNCTION uuid_v7_week(id uuid) RETURNS timestamptz
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN date_trunc('week', to_timestamp(
    ('x0000' || translate(left(id::text, 13), '-', ''))::bit(64)::bigint / 1000.0)
    AT TIME ZONE 'UTC') AT TIME ZONE 'UTC';

-- Makes the partition of a week, of events or of events_staged, unless it is
-- there; how many were new. By its CHECK it is attached without a scan.
CREATE FUNCTION events_partition_create(parent text, week timestamptz) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
    name text := 'events_' || to_char(week AT TIME ZONE 'UTC', 'IYYY"w"IW');
    low  uuid := uuid_v7_floor(week);
    high uuid := uuid_v7_floor(week + interval '168 hours');
BEGIN
    IF to_regclass(name) IS NOT NULL THEN
        RETURN 0;
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE events INCLUDING DEFAULTS INCLUDING CONSTRAINTS,
                    CONSTRAINT week CHECK (id >= %L AND id < %L))', name, low, high);
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                   parent, name, low, high);
    RETURN 1;
END $$;

-- Replaces events_default by the partitions of events_staged and an empty one.
-- Copies what came since ($1, $2) first, which must be little.
CREATE FUNCTION events_default_replace(after_tx xid8, after_id uuid) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    part  regclass;
    bound text;
BEGIN
    -- Whoever writes or reads has ended, and who comes waits for the commit.
    LOCK TABLE ONLY events IN ACCESS EXCLUSIVE MODE;
    PERFORM events_partition_create('events_staged', w)
       FROM (SELECT DISTINCT uuid_v7_week(id) AS w FROM events_default
              WHERE (tx, id) > (after_tx, after_id)) AS x;
    INSERT INTO events_staged
    SELECT * FROM events_default WHERE (tx, id) > (after_tx, after_id);
    ALTER TABLE events DETACH PARTITION events_default;
    DROP TABLE events_default;
    CREATE TABLE events_default PARTITION OF events DEFAULT;
    FOR part, bound IN
        SELECT c.oid::regclass, pg_get_expr(c.relpartbound, c.oid)
          FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
         WHERE i.inhparent = 'events_staged'::regclass
    LOOP
        EXECUTE format('ALTER TABLE events_staged DETACH PARTITION %s', part);
        EXECUTE format('ALTER TABLE events ATTACH PARTITION %s %s', part, bound);
    END LOOP;
    DROP TABLE events_staged;
END $$;

-- Brings what is in events_default into partitions of its weeks, a little each
-- call: copies it into events_staged in the order of commits, while it is still
-- read where it was; once there is little left, the copy takes its place.
-- How many were copied; 0: it is replaced, or cannot be now.
-- This holds because events are neither changed nor deleted one by one.
CREATE FUNCTION events_default_drain() RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
    step     CONSTANT int := 100;
    budget   CONSTANT interval := '150 ms';
    began    CONSTANT timestamptz := clock_timestamp();
    -- Below it nothing can appear any more.
    horizon  CONSTANT xid8 := pg_snapshot_xmin(pg_current_snapshot());
    after_tx xid8;
    after_id uuid;
    copied   int := 0;
    n        int;
BEGIN
    IF to_regclass('events_staged') IS NULL THEN
        CREATE TABLE events_staged (LIKE events INCLUDING DEFAULTS INCLUDING INDEXES)
            PARTITION BY RANGE (id);
    END IF;
    SELECT tx, id INTO after_tx, after_id FROM events_staged ORDER BY tx DESC, id DESC LIMIT 1;
    IF NOT FOUND THEN
        after_tx := '0';
        after_id := '00000000-0000-0000-0000-000000000000';
    END IF;
    LOOP
        PERFORM events_partition_create('events_staged', w)
           FROM (SELECT DISTINCT uuid_v7_week(id) AS w
                   FROM (SELECT id FROM events_default
                          WHERE (tx, id) > (after_tx, after_id) AND tx < horizon
                          ORDER BY tx, id LIMIT step) AS x) AS y;
        WITH copy AS (
            INSERT INTO events_staged
            SELECT * FROM events_default
             WHERE (tx, id) > (after_tx, after_id) AND tx < horizon
             ORDER BY tx, id LIMIT step
            RETURNING tx, id
        )
        SELECT count(*) OVER (), tx, id INTO n, after_tx, after_id FROM (
            SELECT tx, id FROM copy
            UNION ALL SELECT after_tx, after_id) AS x
         ORDER BY tx DESC, id DESC LIMIT 1;
        copied := copied + n - 1;
        EXIT WHEN n <= step;
        IF clock_timestamp() > began + budget THEN
            RETURN copied;
        END IF;
    END LOOP;
    -- A transaction that is open for long may hide many.
    IF (SELECT count(*) FROM (SELECT FROM events_default
         WHERE (tx, id) > (after_tx, after_id) LIMIT 2001) AS x) <= 2000 THEN
        PERFORM events_default_replace(after_tx, after_id);
        RETURN greatest(copied, 1);
    END IF;
    RETURN 0;
END $$;

-- Makes the weekly partitions from the current week to `ahead` weeks later, one
-- a call, once events_default is empty. Returns how much was done; 0: nothing
-- is left to do, or not now: another worker is at it, or a long reader is in the
-- way, for whom it does not wait, since everybody else would wait behind it.
-- Without statistics of events_default the planner would scan and sort it.
CREATE OR REPLACE FUNCTION events_partitions_ensure(ahead int) RETURNS int
LANGUAGE plpgsql
SET lock_timeout = '100ms' SET enable_seqscan = off SET enable_bitmapscan = off AS $$
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE 'events_partitions_ensure must see what was committed meanwhile';
    END IF;
    IF NOT pg_try_advisory_xact_lock(hashtext('events_partitions_ensure')) THEN
        RETURN 0;
    END IF;
    IF to_regclass('events_staged') IS NOT NULL OR EXISTS (SELECT FROM events_default) THEN
        RETURN events_default_drain();
    END IF;
    FOR n IN 0 .. ahead LOOP
        IF events_partition_create('events',
               date_trunc('week', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' + n * interval '168 hours') > 0 THEN
            RETURN 1;
        END IF;
    END LOOP;
    RETURN 0;
EXCEPTION
    WHEN lock_not_available THEN
        RETURN 0;
END $$;

COMMIT;
