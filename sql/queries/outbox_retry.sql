-- Makes the failed, expired or retrying deliveries of message $1 (or those in
-- state $3) due now, as if none had been attempted; only the delivery to
-- subscription $2 if it is given. No row: there is no such message. The message
-- is locked first, so that retention cannot delete it.
-- takes: message_id subscription_id state
-- returns: retried
WITH message AS (
    SELECT id FROM outbox_messages WHERE id = $1::uuid FOR UPDATE
), retried AS (
    UPDATE deliveries AS d
       SET status = 'pending', attempts_before = attempts, next_attempt_at = now(),
           settled_at = NULL, replayed_at = now(), last_error = NULL
      FROM message AS m, subscriptions AS s
     WHERE d.message_id = m.id AND s.id = d.subscription_id AND s.deleted_at IS NULL
       AND CASE WHEN $3::text IS NULL THEN d.status IN ('failed', 'expired', 'retrying')
                ELSE d.status = $3::text END
       AND ($2::uuid IS NULL OR d.subscription_id = $2::uuid)
    RETURNING d.message_id
)
SELECT (SELECT count(*) FROM retried) AS retried FROM message
