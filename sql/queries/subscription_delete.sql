-- Ends a subscription. Its row and history stay, but the receiver's passwords
-- are deleted. Its waiting deliveries expire; attempts that are being made can
-- still arrive. If more than 10,000 deliveries wait, deliveries_expire.sql
-- expires the rest later, and also deliveries that a concurrent ingest adds.
-- takes: id
-- returns: id
WITH ended AS (
    UPDATE subscriptions SET deleted_at = now(), updated_at = now(), headers = NULL, credentials = NULL
     WHERE id = $1::uuid AND deleted_at IS NULL
    RETURNING id
), waiting AS (
    SELECT d.message_id, d.subscription_id
      FROM deliveries AS d, ended
     WHERE d.subscription_id = ended.id AND d.status IN ('pending', 'retrying')
     LIMIT 10000
       FOR UPDATE OF d SKIP LOCKED
), expired AS (
    UPDATE deliveries AS d
       SET status = 'expired', settled_at = now(), last_error = 'the subscription was deleted'
      FROM waiting AS w
     WHERE d.message_id = w.message_id AND d.subscription_id = w.subscription_id
)
SELECT id FROM ended
