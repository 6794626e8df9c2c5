-- Settles the outcomes of attempts, and what they say about their receivers:
-- [{message, subscription, attempt, lease, url, status, delay, verdict, began,
--   ms, http, error, detail, address, answer}]
-- lease      end of the lease, as the claim returned it
-- url        the URL that the attempt used
-- status     the delivery's new state: delivered, failed, or retrying after
--            `delay` seconds; released: the attempt is given back, uncounted
-- verdict    good, bad (the receiver's fault), gone (410), or null
-- began      when the attempt began, in ms of the worker's steady clock, which
--            now shows $5; from it and now() the stored time is computed
-- An attempt that no longer holds its lease (the lease ended and the delivery
-- was claimed again, or this outcome was settled before) does not change the
-- delivery; it is only added to the history. A verdict does not count if the
-- subscription's URL has changed since. $2 bad outcomes in a row open the
-- breaker for $3 seconds, doubled at each opening up to $4.
-- takes: outcomes failures open_seconds open_seconds_max steady_ms
-- returns: settled subscription_id description url hold open_seconds failures
-- returns: opened disabled
WITH outcome AS (
    SELECT * FROM json_to_recordset($1::json) AS o(
           message uuid, subscription uuid, attempt int, lease timestamptz, url text,
           status text, delay float8, verdict text, began float8, ms int, http int, error text, detail text,
           address text, answer text)
), settled AS (
    UPDATE deliveries AS d
       SET status = CASE WHEN o.status <> 'released' THEN o.status
                         WHEN d.attempts - d.attempts_before = 1 THEN 'pending' ELSE 'retrying' END,
           attempts = d.attempts - (o.status = 'released')::int,
           next_attempt_at = now() + o.delay * interval '1 second',
           settled_at = CASE WHEN o.status IN ('delivered', 'failed') THEN now() END,
           last_error = CASE WHEN o.status = 'delivered' THEN NULL
                             WHEN o.error IS NULL THEN d.last_error
                             ELSE concat_ws(': ', o.error, o.detail) END
      FROM outcome AS o
     WHERE d.message_id = o.message AND d.subscription_id = o.subscription
       AND d.attempts = o.attempt AND d.next_attempt_at = o.lease AND d.status = 'delivering'
    RETURNING d.message_id, d.subscription_id, d.subject, d.status, o.url, o.verdict, o.error
), next_of_subject AS (
    -- Ordered delivery: the next delivery of the same subject is due now.
    UPDATE deliveries AS d
       SET next_attempt_at = now()
      FROM settled AS s, LATERAL (
        SELECT w.message_id
          FROM deliveries AS w
         WHERE w.subscription_id = s.subscription_id AND w.subject = s.subject
           AND w.status IN ('pending', 'delivering', 'retrying')
           AND w.message_id <> s.message_id
         ORDER BY w.created_at, w.message_id
         LIMIT 1) AS n
     WHERE s.subject IS NOT NULL AND s.status IN ('delivered', 'failed')
       AND d.message_id = n.message_id AND d.subscription_id = s.subscription_id
       AND d.status IN ('pending', 'retrying') AND d.next_attempt_at < now()
), history AS (
    -- If another claim has written 'lost', because the lease had ended, this
    -- outcome replaces it.
    INSERT INTO delivery_attempts AS a (message_id, subscription_id, attempt, started_at, duration_ms,
                                        http_status, error, detail, address, answer)
    SELECT message, subscription, attempt, now() - ($5::float8 - began) * interval '1 millisecond', ms, http, error, detail, address, answer
      FROM outcome WHERE status <> 'released'
    ON CONFLICT (message_id, subscription_id, attempt) DO UPDATE
       SET started_at = excluded.started_at, duration_ms = excluded.duration_ms,
           http_status = excluded.http_status, error = excluded.error, detail = excluded.detail,
           address = excluded.address, answer = excluded.answer
     WHERE a.error = 'lost'
), news AS (
    SELECT subscription_id, url, bool_or(verdict = 'good') AS good, bool_or(verdict = 'gone') AS gone,
           count(*) FILTER (WHERE verdict = 'bad') AS bad
      FROM settled WHERE verdict IS NOT NULL
     GROUP BY subscription_id, url
), judged AS (
    SELECT s.id, n.good, n.gone, n.bad,
           NOT n.good AND n.bad > 0
           AND CASE WHEN s.open_until IS NULL THEN s.failures + n.bad >= $2::int
                    ELSE s.open_until <= now() END AS opens
      FROM news AS n JOIN subscriptions AS s ON s.id = n.subscription_id AND s.url = n.url
     WHERE n.gone OR n.bad > 0 OR s.failures > 0 OR s.open_until IS NOT NULL
     ORDER BY s.id
       FOR UPDATE OF s  -- in order, so that two workers cannot deadlock
), breaker AS (
    UPDATE subscriptions AS s
       SET failures = CASE WHEN j.good THEN 0 ELSE s.failures + j.bad END,
           trips = CASE WHEN j.good THEN 0 ELSE s.trips + j.opens::int END,
           open_until = CASE WHEN j.good THEN NULL
                             WHEN j.opens THEN now() + interval '1 second' *
                                  least($3::float8 * 2.0 ^ least(s.trips, 30), $4::float8)
                             ELSE s.open_until END,
           woken_at = CASE WHEN j.good AND s.open_until IS NOT NULL THEN now() ELSE s.woken_at END,
           disabled_reason = CASE WHEN j.gone THEN 'the receiver answered 410 Gone'
                                  ELSE s.disabled_reason END
      FROM judged AS j
     WHERE s.id = j.id
    RETURNING s.id, s.failures, s.open_until, s.disabled_reason
)
-- A row for each subscription that had a failed attempt (or one row without a
-- subscription), with its state now, and whether this statement opened its
-- breaker or disabled it. Each row has the number of outcomes that changed a
-- delivery.
SELECT (SELECT count(*) FROM settled) AS settled, s.id AS subscription_id, s.description, s.url,
       CASE WHEN s.deleted_at IS NOT NULL THEN 'deleted'
            WHEN coalesce(b.disabled_reason, s.disabled_reason) IS NOT NULL THEN 'disabled'
            WHEN s.paused THEN 'paused'
            WHEN o.until > now() THEN 'open' END AS hold,
       ceil(extract(epoch FROM o.until - now())) AS open_seconds, b.failures,
       coalesce(j.opens, false) AS opened, coalesce(j.gone, false) AS disabled
  FROM (SELECT) AS one
  LEFT JOIN (SELECT DISTINCT subscription_id AS id FROM settled WHERE error IS NOT NULL) AS f ON true
  LEFT JOIN subscriptions AS s ON s.id = f.id
  LEFT JOIN judged AS j ON j.id = f.id
  LEFT JOIN breaker AS b ON b.id = f.id
  LEFT JOIN LATERAL (
    SELECT CASE WHEN b.id IS NULL THEN s.open_until ELSE b.open_until END AS until) AS o ON true
