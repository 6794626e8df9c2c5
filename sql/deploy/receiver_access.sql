-- Deploy smartcity:receiver_access to pg
-- requires: quoted_bodies

BEGIN;

-- What a receiver wants to see before it takes anything.  Both are secret: they
-- are written through the API and never read through it.  The URL itself holds
-- no secret, so that whatever shows a URL gives nothing away.
ALTER TABLE subscriptions
    ADD COLUMN headers     jsonb,  -- {"Authorization": "Bearer …"}, of webhooks; NULL: none
    ADD COLUMN credentials text;   -- user:password or a token, as in the URL's user information

-- Credentials as the API shows them: user:*** or, of a token, ***.
CREATE FUNCTION credentials_mask(credentials text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE WHEN position(':' IN credentials) > 0
            THEN split_part(credentials, ':', 1) || ':***' ELSE '***' END;

-- The server that a valid URL names, in one spelling: https://host:443.
CREATE FUNCTION url_server(url text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (SELECT lower(m[1]) || '://' || lower(m[2]) || ':'
               || coalesce(m[3]::int, CASE lower(m[1]) WHEN 'http' THEN 80 WHEN 'https' THEN 443 ELSE 4222 END)
          FROM regexp_match(url, '^([A-Za-z]+)://(\[[^]]*\]|[^:/?]*)(?::(\d+))?') AS m);

-- A subscription as the API shows it, at that moment: secrets are masked.
CREATE OR REPLACE FUNCTION subscription_json(s subscriptions, moment timestamptz) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT row_to_json(shown)::text FROM (SELECT
    s.id, s.topic,
    CASE WHEN s.credentials IS NULL THEN s.url
         ELSE replace(s.url, '://', '://' || credentials_mask(s.credentials) || '@') END AS url,
    (SELECT ('{' || coalesce(string_agg(to_json(name)::text || ':"***"', ',' ORDER BY lower(name)), '') || '}')::json
       FROM jsonb_object_keys(s.headers) AS name) AS headers,
    s.description, s.retry_schedule, s.ordering, s.max_in_flight, s.expires_after, s.paused,
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

COMMIT;
