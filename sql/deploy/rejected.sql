-- Deploy smartcity:rejected to pg
-- requires: events

BEGIN;

-- body is bytea: what was sent may be no JSON and not even UTF-8.
CREATE TABLE rejected_events (
    id                uuid        NOT NULL PRIMARY KEY,  -- UUIDv7
    service           text        NOT NULL,
    deduplication_key text,
    reasons           json        NOT NULL,  -- the "detail" of the 422
    body              bytea       NOT NULL,
    created_at        timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX rejected_events_service_idx ON rejected_events (service, id);

COMMIT;
