-- Deploy smartcity:message_shown to pg
-- requires: delivery
-- requires: quoted_bodies

BEGIN;

-- The functions of before say 'sent' where nobody had subscribed, and show the
-- error of an earlier attempt beside 'delivered'.  They stay as they are for the
-- release that uses them.

-- The error that a delivery has now: what was delivered has none.
CREATE FUNCTION delivery_error(d deliveries) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN d.status <> 'delivered' THEN d.last_error END
$$;

-- A message's state as the API shows it, from those of its deliveries.
CREATE FUNCTION message_status(states text[]) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE WHEN states = '{}' THEN 'unclaimed' ELSE message_state(states) END;

-- One message with all that is known of it, as message_json did.  Of the answers,
-- as many of the newest as 1 MiB takes, in equal shares for its deliveries: there
-- may be any number of attempts.
CREATE FUNCTION message_shown(m outbox_messages) RETURNS json
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT row_to_json(x)
      FROM (SELECT m.id, m.topic, m.source, m.subject, m.causation_id, rfc3339(m.occurred_at) AS time,
                   rfc3339(m.created_at) AS created_at,
                   message_status(ARRAY(
                       SELECT delivery_state(d, s, now())
                         FROM deliveries AS d LEFT JOIN subscriptions AS s ON s.id = d.subscription_id
                        WHERE d.message_id = m.id)) AS status,
                   m.request_id, m.traceparent, m.payload::json AS data,
                   ARRAY(
                       SELECT row_to_json(y)
                         FROM (SELECT d.subscription_id, s.url, delivery_state(d, s, now()) AS status, d.attempts,
                                      CASE WHEN d.settled_at IS NULL THEN rfc3339(d.next_attempt_at) END
                                      AS next_attempt_at,
                                      rfc3339(d.settled_at) AS settled_at, delivery_error(d) AS last_error,
                                      ARRAY(
                                          SELECT row_to_json(z)
                                            FROM (SELECT a.attempt, rfc3339(a.started_at) AS started_at,
                                                         a.duration_ms, a.http_status, a.error, a.detail,
                                                         a.address,
                                                         CASE WHEN sum(octet_length(a.answer)) OVER (ORDER BY a.attempt DESC)
                                                                   <= 1048576 / (SELECT count(*) FROM deliveries AS o
                                                                                  WHERE o.message_id = m.id)
                                                              THEN a.answer END AS answer
                                                    FROM delivery_attempts AS a
                                                   WHERE a.message_id = d.message_id
                                                     AND a.subscription_id = d.subscription_id
                                                   ORDER BY a.attempt) AS z) AS attempt_log
                                 FROM deliveries AS d LEFT JOIN subscriptions AS s ON s.id = d.subscription_id
                                WHERE d.message_id = m.id
                                ORDER BY d.subscription_id) AS y) AS deliveries) AS x
$$;

COMMIT;
