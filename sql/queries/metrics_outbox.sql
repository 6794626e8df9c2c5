-- The outbox for /metrics: a row for each subscription, at most $1, with its
-- breaker, how many of its deliveries wait in each state, and for how long. At
-- most 10,000 deliveries are counted, the earliest due of each subscription,
-- shared equally by the subscriptions (but at least 10 for each). Three columns
-- are the same in all rows: the failed and the expired deliveries, up to 10,000
-- of each, and the database's time. By the last three columns people recognise
-- the subscription.
-- takes: limit
-- returns: id breaker
-- returns: pending delivering retrying held
-- returns: overdue pending_age delivering_age retrying_age held_age
-- returns: failed expired now topic description url
WITH lane AS (
    SELECT s, s.id, count(*) OVER () AS lanes
      FROM subscriptions AS s
     WHERE s.deleted_at IS NULL
     ORDER BY s.id
     LIMIT $1::int
), dead AS (
    SELECT (SELECT count(*) FROM (SELECT FROM deliveries WHERE status = 'failed' LIMIT 10000) AS f) AS failed,
           (SELECT count(*) FROM (SELECT FROM deliveries WHERE status = 'expired' LIMIT 10000) AS e) AS expired
)
SELECT lane.id,
       CASE WHEN (lane.s).open_until IS NULL THEN 'closed'
            WHEN (lane.s).open_until > now() THEN 'open' ELSE 'half-open' END AS breaker,
       c.pending, c.delivering, c.retrying, c.held,
       c.overdue, c.pending_age, c.delivering_age, c.retrying_age, c.held_age,
       dead.failed, dead.expired, extract(epoch FROM now()) AS now,
       (lane.s).topic, (lane.s).description, (lane.s).url
  FROM dead LEFT JOIN lane ON true LEFT JOIN LATERAL (
    SELECT count(*) FILTER (WHERE d.state = 'pending') AS pending,
           count(*) FILTER (WHERE d.state = 'delivering') AS delivering,
           count(*) FILTER (WHERE d.state = 'retrying') AS retrying,
           count(*) FILTER (WHERE d.state = 'held') AS held,
           extract(epoch FROM now() - min(d.next_attempt_at) FILTER (WHERE d.state <> 'held')) AS overdue,
           extract(epoch FROM now() - min(d.created_at) FILTER (WHERE d.state = 'pending')) AS pending_age,
           extract(epoch FROM now() - min(d.created_at) FILTER (WHERE d.state = 'delivering')) AS delivering_age,
           extract(epoch FROM now() - min(d.created_at) FILTER (WHERE d.state = 'retrying')) AS retrying_age,
           extract(epoch FROM now() - min(d.created_at) FILTER (WHERE d.state = 'held')) AS held_age
      FROM (SELECT delivery_state(w, lane.s, now()) AS state, w.next_attempt_at, w.created_at
              FROM deliveries AS w
             WHERE w.subscription_id = lane.id AND w.status IN ('pending', 'delivering', 'retrying')
             ORDER BY w.next_attempt_at
             LIMIT greatest(10, 10000 / lane.lanes)) AS d) AS c ON true
