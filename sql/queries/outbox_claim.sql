-- Leases due deliveries for $3 seconds, at most $5 of them. Each receiver has a
-- lane: how many of its deliveries can be taken, and how far back to look for
-- them. $1 [{id, room, back}] has the lanes that this worker knows; for other
-- receivers at most max_in_flight and at most $6 deliveries are taken, and the
-- last $2 seconds are looked at.
--
-- Why the search is limited to the recent past: the older part of the index was
-- seen to be empty, but while a long transaction is open its dead entries cannot be
-- removed and would be read each time. If `back` is NULL, all due deliveries of the
-- lane are looked at; the worker asks for this every few seconds, and for lanes
-- that were not looked at for a while.
--
-- The attempt is counted before it is made, so that a delivery which kills its
-- worker counts too. After $4 attempts this statement makes the delivery
-- failed. `now` is the time with which webhooks are signed; the last columns
-- are the receiver's credentials and headers, one header a line.
-- takes: lanes back lease_seconds max_attempts limit lane_limit
-- returns: message_id subscription_id status attempt attempts
-- returns: topic payload source subject causation_id time request_id traceparent
-- returns: url secret old_secret retry_schedule max_in_flight lease now
-- returns: description credentials headers
WITH lane AS (
    SELECT s.id, s.ordering, s.open_until, s.expires_after,
           CASE WHEN s.open_until IS NULL THEN coalesce(l.room, least(s.max_in_flight, $6::int))
                ELSE least(l.room, 1) END AS room,
           CASE WHEN s.woken_at > now() - interval '1 minute' OR s.open_until IS NOT NULL
                THEN '-infinity'
                ELSE coalesce(now() - coalesce(l.back, $2::float8) * interval '1 second', '-infinity')
           END AS floor
      FROM subscriptions AS s
      LEFT JOIN json_to_recordset($1::json) AS l(id uuid, room int, back float8) USING (id)
     WHERE s.deleted_at IS NULL AND NOT s.paused AND s.disabled_reason IS NULL
       AND (s.open_until IS NULL OR s.open_until <= now())
     ORDER BY random()  -- so that the limit $5 does not always cut off the same lanes
), due AS (
    SELECT d.*,
           CASE WHEN greatest(d.created_at, d.replayed_at) + lane.expires_after * interval '1 second' <= now()
                THEN 'expired'
                WHEN d.attempts - d.attempts_before >= $4::int THEN 'failed'
                ELSE 'delivering' END AS becomes
      FROM lane, LATERAL (
        SELECT w.message_id, w.subscription_id, w.status, w.attempts, w.attempts_before, w.created_at,
               w.replayed_at
          FROM deliveries AS w
         WHERE w.subscription_id = lane.id
           AND w.status IN ('pending', 'delivering', 'retrying')
           AND w.next_attempt_at <= now() AND w.next_attempt_at > lane.floor
           -- A half-open breaker lets one delivery through.
           AND (lane.open_until IS NULL OR NOT EXISTS (
                SELECT FROM deliveries AS o
                 WHERE o.subscription_id = lane.id AND o.status = 'delivering'
                   AND o.next_attempt_at > now()))
           -- Ordered delivery: only the oldest delivery of each subject, one at a
           -- time. The next one is due again when this one is settled, see
           -- outbox_settle.sql.
           AND (lane.ordering IS NULL OR w.subject IS NULL OR NOT EXISTS (
                SELECT FROM deliveries AS e
                 WHERE e.subscription_id = w.subscription_id AND e.subject = w.subject
                   AND e.status IN ('pending', 'delivering', 'retrying')
                   AND ((e.created_at, e.message_id) < (w.created_at, w.message_id)
                        OR e.status = 'delivering' AND e.next_attempt_at > now()
                           AND e.message_id <> w.message_id)))
         ORDER BY w.next_attempt_at
         LIMIT lane.room
           FOR UPDATE SKIP LOCKED) AS d
     LIMIT $5::int
), claimed AS (
    UPDATE deliveries AS d
       SET status = due.becomes,
           attempts = d.attempts + (due.becomes = 'delivering')::int,
           next_attempt_at = now() + $3::int * interval '1 second',
           settled_at = CASE WHEN due.becomes <> 'delivering' THEN now() END,
           last_error = CASE WHEN due.status = 'delivering' THEN 'lost: the worker did not tell the outcome'
                             ELSE d.last_error END
      FROM due
     WHERE d.message_id = due.message_id AND d.subscription_id = due.subscription_id
    RETURNING d.message_id, d.subscription_id, d.status, d.attempts, d.attempts_before, d.next_attempt_at
), lost AS (
    INSERT INTO delivery_attempts (message_id, subscription_id, attempt, started_at, error, detail)
    SELECT message_id, subscription_id, attempts, now(), 'lost', 'the worker did not tell the outcome'
      FROM due WHERE status = 'delivering'
    ON CONFLICT DO NOTHING
)
SELECT c.message_id, c.subscription_id, c.status, c.attempts AS attempt,
       c.attempts - c.attempts_before AS attempts,
       m.topic, m.payload, m.source, m.subject, m.causation_id, rfc3339(m.occurred_at) AS time,
       m.request_id, m.traceparent,
       s.url, s.secret, CASE WHEN s.old_secret_until > now() THEN s.old_secret END AS old_secret,
       s.retry_schedule, s.max_in_flight, c.next_attempt_at AS lease, extract(epoch FROM now()) AS now,
       s.description, s.credentials,
       (SELECT string_agg(h.key || ': ' || h.value, E'\n') FROM jsonb_each_text(s.headers) AS h) AS headers
  FROM claimed AS c
  JOIN outbox_messages AS m ON m.id = c.message_id
  JOIN subscriptions AS s ON s.id = c.subscription_id
