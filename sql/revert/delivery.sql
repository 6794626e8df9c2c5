-- Revert smartcity:delivery from pg

BEGIN;

DROP FUNCTION subscription_json(subscriptions, timestamptz);
DROP FUNCTION message_json(outbox_messages);
DROP FUNCTION message_state(text[]);
DROP FUNCTION delivery_state(deliveries, subscriptions, timestamptz);
DROP FUNCTION rfc3339(timestamptz);
DROP TABLE streams, delivery_attempts, deliveries, subscriptions;
ALTER TABLE outbox_messages
    DROP COLUMN source, DROP COLUMN subject, DROP COLUMN causation_id,
    DROP COLUMN occurred_at, DROP COLUMN request_id, DROP COLUMN traceparent,
    ADD COLUMN event_id        uuid,
    ADD COLUMN status          text        NOT NULL DEFAULT 'pending'
               CHECK (status IN ('pending', 'sent', 'failed')),
    ADD COLUMN attempts        int         NOT NULL DEFAULT 0,
    ADD COLUMN next_attempt_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN published_at    timestamptz,
    ADD COLUMN last_error      text;
UPDATE outbox_messages SET event_id = id, status = 'sent', published_at = now();
ALTER TABLE outbox_messages ALTER COLUMN event_id SET NOT NULL;
ALTER TABLE outbox_messages
    SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX outbox_messages_due_idx   ON outbox_messages (next_attempt_at) WHERE status = 'pending';
CREATE INDEX outbox_messages_event_idx ON outbox_messages (event_id);

COMMIT;
