-- Sets a new secret; the former secret signs too for $3 seconds. A second run
-- with the same secret leaves the secrets as they are.
-- takes: id secret grace_seconds
-- returns: json topic
UPDATE subscriptions AS s
   SET secret = $2::text,
       old_secret = CASE WHEN s.secret = $2::text THEN s.old_secret
                         WHEN $3::int > 0 THEN s.secret END,
       old_secret_until = CASE WHEN s.secret = $2::text THEN s.old_secret_until
                               WHEN $3::int > 0 THEN now() + $3::int * interval '1 second' END,
       updated_at = now()
 WHERE s.id = $1::uuid AND s.deleted_at IS NULL
RETURNING subscription_json(s, now()) AS json, s.topic
