-- Deploy smartcity:delivery to pg
-- requires: outbox

BEGIN;

-- Who receives: a topic to a URL, whose scheme says how.
CREATE TABLE subscriptions (
    id               uuid        NOT NULL PRIMARY KEY,
    topic            text        NOT NULL,  -- event.{service}, or event.* for all
    url              text        NOT NULL,
    description      text,
    retry_schedule   text,                  -- seconds before each attempt, "0,5,60"; NULL: the worker's
    ordering         text        CHECK (ordering IN ('subject')),
    max_in_flight    int         NOT NULL DEFAULT 16 CHECK (max_in_flight > 0),
    expires_after    int,                   -- seconds from the event; NULL: it is worth delivering for ever
    paused           boolean     NOT NULL DEFAULT false,
    disabled_reason  text,                  -- NULL: it is not disabled
    secret           text        NOT NULL,
    old_secret       text,                  -- signs as well until then
    old_secret_until timestamptz,
    -- The circuit breaker: closed without open_until, open before it, half-open
    -- after it. Moved by outcomes alone.
    failures         int         NOT NULL DEFAULT 0,  -- of the receiver, in a row
    trips            int         NOT NULL DEFAULT 0,  -- openings in a row
    open_until       timestamptz,
    woken_at         timestamptz NOT NULL DEFAULT now(),  -- from here on its old deliveries are due again
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    deleted_at       timestamptz            -- its history stays
) WITH (fillfactor = 50);

CREATE INDEX subscriptions_topic_idx ON subscriptions (topic) WHERE deleted_at IS NULL;

-- What is sent: one message a derived event, under the event's own id, written
-- once. The state that this table held for the single sink of before is now a
-- row of deliveries for each receiver. (The one change that is not additive:
-- nothing was released before it.)
DROP INDEX outbox_messages_due_idx, outbox_messages_event_idx;
UPDATE outbox_messages SET id = event_id;
ALTER TABLE outbox_messages
    DROP COLUMN event_id, DROP COLUMN status, DROP COLUMN attempts,
    DROP COLUMN next_attempt_at, DROP COLUMN published_at, DROP COLUMN last_error,
    ADD COLUMN source       text,         -- /ingest/{service of the base event}
    ADD COLUMN subject      text,         -- the incident's key
    ADD COLUMN causation_id uuid,         -- the base event
    ADD COLUMN occurred_at  timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN request_id   text,         -- of the request that was ingested
    ADD COLUMN traceparent  text;         -- likewise (W3C Trace Context)
ALTER TABLE outbox_messages
    RESET (fillfactor, autovacuum_vacuum_scale_factor, autovacuum_vacuum_cost_delay);
UPDATE outbox_messages AS m
   SET source = '/ingest/' || b.service, subject = e.deduplication_key,
       causation_id = b.id, occurred_at = e."timestamp"
  FROM events AS e JOIN events AS b ON b.id = e.source_event_id
 WHERE e.id = m.id;

-- One message on its way to one receiver. A claim is a lease: it counts the
-- attempt and moves next_attempt_at to its end, so what a dead worker had in
-- hand comes up again by itself, and `attempts` is the fencing token that a
-- late settle must still hold. No foreign keys: ingest writes here, and both
-- sides are written by one statement.
CREATE TABLE deliveries (
    message_id      uuid        NOT NULL,
    subscription_id uuid        NOT NULL,
    status          text        NOT NULL DEFAULT 'pending'
                    CHECK (status IN ('pending', 'delivering', 'retrying', 'delivered', 'failed', 'expired')),
    attempts        int         NOT NULL DEFAULT 0,
    attempts_before int         NOT NULL DEFAULT 0,  -- of these, before the last replay
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    subject         text,                            -- only where deliveries are ordered by it
    last_error      text,
    created_at      timestamptz NOT NULL DEFAULT now(),
    settled_at      timestamptz,
    replayed_at     timestamptz,                     -- expires_after counts from here
    PRIMARY KEY (message_id, subscription_id)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000,
        autovacuum_analyze_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);

CREATE INDEX deliveries_due_idx ON deliveries (subscription_id, next_attempt_at)
    WHERE status IN ('pending', 'delivering', 'retrying');
CREATE INDEX deliveries_subject_idx ON deliveries (subscription_id, subject, created_at, message_id)
    WHERE subject IS NOT NULL AND status IN ('pending', 'delivering', 'retrying');
CREATE INDEX deliveries_dead_idx ON deliveries (status, message_id)
    WHERE status IN ('failed', 'expired');

-- What became of each attempt.
CREATE TABLE delivery_attempts (
    message_id      uuid        NOT NULL,
    subscription_id uuid        NOT NULL,
    attempt         int         NOT NULL,
    started_at      timestamptz NOT NULL,
    duration_ms     int,
    http_status     int,        -- NULL: there was no answer
    error           text,       -- NULL: delivered; else its class
    detail          text,
    address         text,       -- that was connected to
    answer          text,       -- its first 16 KiB
    PRIMARY KEY (message_id, subscription_id, attempt)
);

-- How far each live stream has come in the order of commits.
CREATE TABLE streams (
    name       text        NOT NULL PRIMARY KEY,
    tx         xid8        NOT NULL,
    id         uuid        NOT NULL,
    updated_at timestamptz NOT NULL
) WITH (fillfactor = 50);

-- As the API writes times: RFC 3339 in UTC.
CREATE FUNCTION rfc3339(moment timestamptz) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE
RETURN to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');

-- A subscription as the API shows it, at that moment.
CREATE FUNCTION subscription_json(s subscriptions, moment timestamptz) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN (SELECT row_to_json(shown)::text FROM (SELECT
    s.id, s.topic, s.url, s.description, s.retry_schedule, s.ordering, s.max_in_flight,
    s.expires_after, s.paused,
    CASE WHEN s.disabled_reason IS NOT NULL THEN 'disabled'
         WHEN s.paused THEN 'paused' ELSE 'active' END AS status,
    s.disabled_reason,
    (SELECT row_to_json(b) FROM (SELECT
        CASE WHEN s.open_until IS NULL THEN 'closed'
             WHEN s.open_until > moment THEN 'open' ELSE 'half-open' END AS state,
        s.failures, rfc3339(s.open_until) AS open_until) AS b) AS breaker,
    CASE WHEN s.old_secret_until > moment
         THEN rfc3339(s.old_secret_until) END AS secret_rotates_until,
    rfc3339(s.created_at) AS created_at, rfc3339(s.updated_at) AS updated_at) AS shown);

-- A delivery's state as the API shows it: held is not stored.
CREATE FUNCTION delivery_state(d deliveries, s subscriptions, at timestamptz) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN d.status IN ('pending', 'retrying')
             AND (s.paused OR s.disabled_reason IS NOT NULL OR s.open_until > at)
            THEN 'held' ELSE d.status END;

-- A message's, from those of its deliveries: the one that most needs a look.
-- What is dead and can be replayed, then what waits, the longest wait first,
-- then what was given up on purpose. Without receivers it was sent at once.
CREATE FUNCTION message_state(states text[]) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE WHEN 'failed' = ANY (states) THEN 'failed'
            WHEN 'held' = ANY (states) THEN 'held'
            WHEN 'retrying' = ANY (states) THEN 'retrying'
            WHEN 'delivering' = ANY (states) THEN 'delivering'
            WHEN 'pending' = ANY (states) THEN 'pending'
            WHEN 'expired' = ANY (states) THEN 'expired'
            WHEN 'delivered' = ANY (states) THEN 'delivered'
            ELSE 'sent' END;

-- One message with all that is known of it. row_to_json, because it writes
-- without white space; the payload is copied as it is. A quoted body, so that
-- now() is the caller's.
CREATE FUNCTION message_json(m outbox_messages) RETURNS json
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT row_to_json(x)
      FROM (SELECT m.id, m.topic, m.source, m.subject, m.causation_id, rfc3339(m.occurred_at) AS time,
                   rfc3339(m.created_at) AS created_at,
                   message_state(ARRAY(
                       SELECT delivery_state(d, s, now())
                         FROM deliveries AS d LEFT JOIN subscriptions AS s ON s.id = d.subscription_id
                        WHERE d.message_id = m.id)) AS status,
                   m.request_id, m.traceparent, m.payload::json AS data,
                   ARRAY(
                       SELECT row_to_json(y)
                         FROM (SELECT d.subscription_id, s.url, delivery_state(d, s, now()) AS status, d.attempts,
                                      CASE WHEN d.settled_at IS NULL THEN rfc3339(d.next_attempt_at) END
                                      AS next_attempt_at,
                                      rfc3339(d.settled_at) AS settled_at, d.last_error,
                                      ARRAY(
                                          SELECT row_to_json(z)
                                            FROM (SELECT a.attempt, rfc3339(a.started_at) AS started_at,
                                                         a.duration_ms, a.http_status, a.error, a.detail,
                                                         a.address, a.answer
                                                    FROM delivery_attempts AS a
                                                   WHERE a.message_id = d.message_id
                                                     AND a.subscription_id = d.subscription_id
                                                   ORDER BY a.attempt) AS z) AS attempt_log
                                 FROM deliveries AS d LEFT JOIN subscriptions AS s ON s.id = d.subscription_id
                                WHERE d.message_id = m.id
                                ORDER BY d.subscription_id) AS y) AS deliveries) AS x
$$;

COMMIT;
