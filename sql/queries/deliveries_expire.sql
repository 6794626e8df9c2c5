-- Expires the deliveries that no claim would ever take, at most 1000 in one
-- call; returns how many. These are the deliveries of deleted subscriptions (an
-- ingest that ran at the same time as the deletion can add some), and
-- deliveries whose expires_after has passed while their subscription was held.
-- The claim expires all others.
--
-- The age of a delivery is computed from next_attempt_at, which is in the
-- index. That time is never earlier than the one from which expires_after
-- counts, so a held delivery can expire late, by its last delay at most, but
-- never early.
-- returns: expired
WITH stale AS (
    SELECT d.message_id, d.subscription_id
      FROM subscriptions AS s, LATERAL (
        SELECT w.message_id, w.subscription_id
          FROM deliveries AS w
         WHERE w.subscription_id = s.id
           AND w.status IN ('pending', 'delivering', 'retrying')
           AND w.next_attempt_at <= CASE WHEN s.deleted_at IS NULL
                                         THEN now() - s.expires_after * interval '1 second'
                                         ELSE 'infinity' END
           -- Leased deliveries are settled by their worker.
           AND (w.status <> 'delivering' OR w.next_attempt_at <= now())
         LIMIT 1000
           FOR UPDATE SKIP LOCKED) AS d
     WHERE s.deleted_at IS NOT NULL
        OR (s.expires_after IS NOT NULL
            AND (s.paused OR s.disabled_reason IS NOT NULL OR s.open_until > now()))
     LIMIT 1000
), expired AS (
    UPDATE deliveries AS d
       SET status = 'expired', settled_at = now()
      FROM stale
     WHERE d.message_id = stale.message_id AND d.subscription_id = stale.subscription_id
    RETURNING d.message_id
)
SELECT count(*) AS expired FROM expired
