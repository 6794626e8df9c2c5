-- Repairs times that were written while this server's clock was wrong. Because
-- of them, deliveries and breakers could wait for years. A time that is further
-- ahead than its rule allows becomes now. At most 1000 deliveries in one call;
-- returns how many rows were changed.
--
-- The rules: a delivery waits no longer than the longest delay of its schedule
-- (that of its subscription, else $1) plus 20 %, or than the day that a
-- receiver can ask for; its lease ends within an hour; the breaker closes
-- within 10 minutes; an old secret signs for a week. Each rule is allowed one
-- more minute.
--
-- In the index, leased deliveries stand among retries whose times are right. So
-- only the 10,000 deliveries that are due last are searched for leases, shared
-- equally by the subscriptions.
-- takes: retry_schedule
-- returns: mended
WITH lane AS (
    SELECT s.id, count(*) OVER () AS lanes,
           now() + interval '1 minute' + interval '1 second' * greatest(86400, 1.2 * (
               SELECT max(x::float8)
                 FROM unnest(string_to_array(coalesce(s.retry_schedule, $1::text), ',')) AS x)) AS longest
      FROM subscriptions AS s
), wrong AS (
    SELECT d.message_id, d.subscription_id
      FROM lane, LATERAL (
        -- The earliest first, so that later deliveries stay after earlier ones.
        SELECT w.message_id, w.subscription_id
          FROM deliveries AS w
         WHERE w.subscription_id = lane.id
           AND w.status IN ('pending', 'delivering', 'retrying')
           AND w.next_attempt_at > lane.longest
         ORDER BY w.next_attempt_at
         LIMIT 1000
           FOR UPDATE SKIP LOCKED) AS d
     LIMIT 1000
), leased AS (
    SELECT d.message_id, d.subscription_id
      FROM lane, LATERAL (
        SELECT w.message_id, w.subscription_id, w.status
          FROM deliveries AS w
         WHERE w.subscription_id = lane.id
           AND w.status IN ('pending', 'delivering', 'retrying')
           AND w.next_attempt_at > now() + interval '61 minutes' AND w.next_attempt_at <= lane.longest
         ORDER BY w.next_attempt_at DESC
         LIMIT greatest(10, 10000 / lane.lanes)) AS d
     WHERE d.status = 'delivering'
     LIMIT 1000
), mended AS (
    UPDATE deliveries AS d
       SET next_attempt_at = now(),
           created_at = CASE WHEN d.created_at > now() + interval '1 minute' THEN now() ELSE d.created_at END,
           replayed_at = CASE WHEN d.replayed_at > now() + interval '1 minute' THEN now() ELSE d.replayed_at END
      FROM (SELECT * FROM wrong UNION ALL SELECT * FROM leased) AS w
     WHERE d.message_id = w.message_id AND d.subscription_id = w.subscription_id
       AND d.status IN ('pending', 'delivering', 'retrying') AND d.next_attempt_at > now() + interval '61 minutes'
    RETURNING d.message_id
), subscription AS (
    SELECT s.id
      FROM subscriptions AS s
     WHERE s.open_until > now() + interval '11 minutes' OR s.woken_at > now() + interval '1 minute'
        OR s.old_secret_until > now() + interval '7 days 1 minute'
       FOR UPDATE SKIP LOCKED
), closed AS (
    UPDATE subscriptions AS s
       SET open_until = CASE WHEN s.open_until > now() + interval '11 minutes' THEN now() ELSE s.open_until END,
           woken_at = CASE WHEN s.woken_at > now() + interval '1 minute' THEN now() ELSE s.woken_at END,
           old_secret_until = CASE WHEN s.old_secret_until > now() + interval '7 days 1 minute' THEN now()
                                   ELSE s.old_secret_until END
      FROM subscription AS w
     WHERE s.id = w.id
    RETURNING s.id
), touched AS (
    UPDATE streams AS s
       SET updated_at = now()
      FROM (SELECT name FROM streams WHERE updated_at > now() + interval '1 minute' FOR UPDATE SKIP LOCKED) AS w
     WHERE s.name = w.name
    RETURNING s.name
)
SELECT (SELECT count(*) FROM mended) + (SELECT count(*) FROM closed) + (SELECT count(*) FROM touched) AS mended
