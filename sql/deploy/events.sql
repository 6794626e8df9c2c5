-- Deploy smartcity:events to pg

BEGIN;

-- payload and normalized_payload are json, not jsonb: jsonb would reorder
-- names and rewrite numbers (1e2 as 100), and what was sent must come back.
-- Cast to jsonb to query inside them.
CREATE TABLE events (
    id                 uuid        NOT NULL PRIMARY KEY,  -- UUIDv7
    tx                 xid8        NOT NULL DEFAULT pg_current_xact_id(),
    service            text        NOT NULL,
    "timestamp"        timestamptz NOT NULL,              -- received; equals the time in id
    created_at         timestamptz NOT NULL DEFAULT now(),
    source_event_id    uuid,                              -- the event this one derives from
    deduplication_key  text,
    derived_event_ids  uuid[],                            -- what the sender was answered
    payload            json        NOT NULL,
    normalized_payload json
) PARTITION BY RANGE (id);

COMMENT ON COLUMN events.tx IS
    'Commit-order cursor: a reader of (tx, id) below pg_snapshot_xmin(pg_current_snapshot()) never skips an event committed late.';

CREATE INDEX events_tx_idx      ON events (tx, id);
CREATE INDEX events_service_idx ON events (service, id);
CREATE INDEX events_source_idx  ON events (source_event_id) WHERE source_event_id IS NOT NULL;
CREATE INDEX events_key_idx     ON events (deduplication_key, id) WHERE deduplication_key IS NOT NULL;

-- Nothing should ever land here: the worker makes partitions ahead of time. It
-- is there so that an event is stored even when no worker ran for weeks.
CREATE TABLE events_default PARTITION OF events DEFAULT;

-- The smallest UUIDv7 of a moment (RFC 9562: 48 bits of Unix milliseconds).
CREATE FUNCTION uuid_v7_floor(moment timestamptz) RETURNS uuid
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (lpad(to_hex(floor(extract(epoch FROM moment) * 1000)::bigint), 12, '0')
        || '00000000000000000000')::uuid;

-- Makes the weekly partitions from the current week to `ahead` weeks later;
-- returns how many were new. Events that fell into events_default meanwhile
-- move into their partition in the same transaction.
CREATE FUNCTION events_partitions_ensure(ahead int) RETURNS int
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

DO $$ BEGIN PERFORM events_partitions_ensure(4); END $$;

-- Sender's keys. Apart from events because a unique index on a partitioned
-- table must hold the partition key, and only among events that were sent: a
-- sender must not be able to silence a derived event by posting its key first.
CREATE TABLE event_keys (
    service  text NOT NULL,
    key      text NOT NULL,
    event_id uuid NOT NULL,
    PRIMARY KEY (service, key)
);
CREATE INDEX event_keys_event_idx ON event_keys (event_id);

-- One row per (service, key) of a derived event: the incident that stands.
-- The two deadlines are set anew by each report, from the rule that made it.
CREATE TABLE incidents (
    service      text        NOT NULL,
    key          text        NOT NULL,
    event_id     uuid        NOT NULL,  -- the derived event that stands for it
    opened_at    timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    closes_at    timestamptz NOT NULL,  -- last report + quiet window
    reminds_at   timestamptz NOT NULL,  -- last derived event + reminder
    occurrences  bigint      NOT NULL,  -- reports since it opened
    watched      text,                  -- the field whose change fires at once
    PRIMARY KEY (service, key)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);

COMMIT;
