-- A page of subscriptions, newest first, older than the cursor ($1).
SELECT s.id, subscription_json(s, now())
  FROM subscriptions AS s
 WHERE s.id < $1::uuid AND s.deleted_at IS NULL
 ORDER BY s.id DESC
 LIMIT $2::int OFFSET $3::bigint
