-- Adds a test message with one delivery, to this subscription, due at once.
-- takes: subscription_id id request_id traceparent
-- returns: id
WITH arg AS (
    SELECT s.id AS subscription_id, $2::uuid AS id, $3::text AS request_id, $4::text AS traceparent
      FROM subscriptions AS s
     WHERE s.id = $1::uuid AND s.deleted_at IS NULL
), message AS (
    INSERT INTO outbox_messages (id, topic, payload, source, occurred_at, request_id, traceparent,
                                 created_at)
    SELECT id, 'subscription.test',
           format('{"test":true,"subscription_id":"%s"}', subscription_id),
           '/subscriptions/' || subscription_id, now(), request_id, traceparent, now()
      FROM arg
    ON CONFLICT (id) DO NOTHING
), delivery AS (
    INSERT INTO deliveries (message_id, subscription_id, next_attempt_at, created_at)
    SELECT id, subscription_id, now(), now() FROM arg
    ON CONFLICT (message_id, subscription_id) DO NOTHING
)
SELECT id FROM arg
