-- Adds a subscription with the columns that the JSON names; other columns get
-- their defaults.
-- takes: id columns secret
-- returns: json topic
INSERT INTO subscriptions AS s (id, topic, url, credentials, headers, description, retry_schedule, ordering,
                                max_in_flight, expires_after, paused, secret, woken_at, created_at, updated_at)
SELECT $1::uuid, c.topic, c.url, c.credentials, c.headers, c.description, c.retry_schedule, c.ordering,
       coalesce(c.max_in_flight, 16), c.expires_after, coalesce(c.paused, false),
       $3::text, now(), now(), now()
  FROM jsonb_populate_record(NULL::subscriptions, $2::jsonb) AS c
ON CONFLICT (id) DO UPDATE SET id = excluded.id  -- for RETURNING to have a row
RETURNING subscription_json(s, now()) AS json, s.topic
