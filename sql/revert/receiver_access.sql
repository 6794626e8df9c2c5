-- Revert smartcity:receiver_access from pg

BEGIN;

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

DROP FUNCTION url_server(text);
DROP FUNCTION credentials_mask(text);
ALTER TABLE subscriptions DROP COLUMN credentials, DROP COLUMN headers;

COMMIT;
