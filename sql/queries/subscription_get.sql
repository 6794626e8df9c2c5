-- One subscription by its id.
SELECT subscription_json(s, now()), s.topic
  FROM subscriptions AS s
 WHERE s.id = $1::uuid AND s.deleted_at IS NULL
