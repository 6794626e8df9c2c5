-- Is the schema at least the one this program was built for, may this server
-- be written to, and has a worker been seen lately ($2 seconds, and not in a wrong
-- future)?
-- The INSERTs store nothing, and fail where those of an event would: on a
-- server that is read-only, or without the right to write a table.
WITH event AS (
    INSERT INTO events (id, service, "timestamp", payload)
    SELECT NULL, NULL, NULL, NULL WHERE false
), key AS (
    INSERT INTO event_keys (service, key, event_id) SELECT NULL, NULL, NULL WHERE false
), rejected AS (
    INSERT INTO rejected_events (id, service, reasons, body)
    SELECT NULL, NULL, NULL, NULL WHERE false
), incident AS (
    INSERT INTO incidents (service, key, event_id, opened_at, last_seen_at, closes_at, reminds_at, occurrences)
    SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL WHERE false
), message AS (
    INSERT INTO outbox_messages (id, topic, payload) SELECT NULL, NULL, NULL WHERE false
), delivery AS (
    INSERT INTO deliveries (message_id, subscription_id) SELECT NULL, NULL WHERE false
)
SELECT EXISTS (SELECT FROM sqitch.changes WHERE project = 'smartcity' AND change = $1::text),
       NOT pg_is_in_recovery(),
       EXISTS (SELECT FROM workers WHERE last_seen_at > now() - $2::int * interval '1 second'
                                 AND last_seen_at < now() + interval '1 minute')
