-- Deploy smartcity:outbox to pg
-- requires: events

BEGIN;

-- payload is text: the bytes that are signed are the bytes that are sent.
-- A claim is a lease: it counts the attempt and moves next_attempt_at to its
-- end, so a message whose worker died comes up again by itself, and `attempts`
-- is the fencing token that a late settle must still hold.
CREATE TABLE outbox_messages (
    id              uuid        NOT NULL PRIMARY KEY,
    event_id        uuid        NOT NULL,  -- the derived event
    topic           text        NOT NULL,  -- event.{service}
    payload         text        NOT NULL,
    status          text        NOT NULL DEFAULT 'pending'
                    CHECK (status IN ('pending', 'sent', 'failed')),
    attempts        int         NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    published_at    timestamptz,
    last_error      text,
    created_at      timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01,
        autovacuum_vacuum_cost_delay = 0);

CREATE INDEX outbox_messages_due_idx   ON outbox_messages (next_attempt_at) WHERE status = 'pending';
CREATE INDEX outbox_messages_event_idx ON outbox_messages (event_id);

-- Who delivers: a row per worker process, refreshed while it lives.
CREATE TABLE workers (
    name         text        NOT NULL PRIMARY KEY,  -- host:pid
    started_at   timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL
) WITH (fillfactor = 50);

COMMIT;
