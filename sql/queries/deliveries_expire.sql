-- Deliveries that nobody would ever claim become expired, at most 1000 at once;
-- how many they were. Those of deleted subscriptions (an ingest that ran beside
-- the deletion still made some), and those that outlived expires_after while
-- their subscription was held; of any other, the claim sees to it.
--
-- Their age is read off next_attempt_at, which the index has: it is never
-- before the time that expires_after counts from, so that a held delivery is
-- late here by its last delay at most, and never early.
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
           -- What is in a worker's hands is that worker's to settle.
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
