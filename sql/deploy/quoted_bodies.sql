-- Deploy smartcity:quoted_bodies to pg
-- requires: delivery

BEGIN;

-- Both take a row of a table.  With RETURN, PostgreSQL 17 refuses a column with
-- a default in that table ("its row type is used"); a quoted body is none of its
-- concern.  Nothing else is changed.

-- A subscription as the API shows it, at that moment.
CREATE OR REPLACE FUNCTION subscription_json(s subscriptions, moment timestamptz) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT row_to_json(shown)::text FROM (SELECT
    s.id, s.topic, s.url, s.description, s.retry_schedule, s.ordering, s.max_in_flight,
    s.expires_after, s.paused,
    CASE WHEN s.disabled_reason IS NOT NULL THEN 'disabled'
         WHEN s.paused THEN 'paused' ELSE 'active' END AS status,
    s.disabled_reason,
    (SELECT row_to_json(b) FROM (SELECT
        CASE WHEN s.open_until IS NULL THEN 'closed'
             WHEN s.open_until > moment THEN 'open' ELSE 'half-open' END AS state,
        s.failures, rfc3339(s.open_until) AS open_until) AS b) AS breaker,
    CASE WHEN s.old_secret_until > moment
         THEN rfc3339(s.old_secret_until) END AS secret_rotates_until,
    rfc3339(s.created_at) AS created_at, rfc3339(s.updated_at) AS updated_at) AS shown
$$;

-- A delivery's state as the API shows it: held is not stored.
CREATE OR REPLACE FUNCTION delivery_state(d deliveries, s subscriptions, at timestamptz) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN d.status IN ('pending', 'retrying')
                 AND (s.paused OR s.disabled_reason IS NOT NULL OR s.open_until > at)
                THEN 'held' ELSE d.status END
$$;

COMMIT;
