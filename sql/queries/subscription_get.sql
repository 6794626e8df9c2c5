-- One subscription by its id.
-- takes: id
-- returns: json topic
SELECT subscription_json(s, now()) AS json, s.topic
  FROM subscriptions AS s
 WHERE s.id = $1::uuid AND s.deleted_at IS NULL
