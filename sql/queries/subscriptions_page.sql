-- A page of subscriptions, newest first, older than the cursor ($1). They are
-- short, so the page has no bound in bytes, and `more` is always false.
-- takes: cursor limit offset
-- returns: id json more
SELECT s.id, subscription_json(s, now()) AS json, false AS more
  FROM subscriptions AS s
 WHERE s.id < $1::uuid AND s.deleted_at IS NULL
 ORDER BY s.id DESC
 LIMIT $2::int OFFSET $3::bigint
