-- Verify smartcity:receiver_access on pg

BEGIN;

SELECT headers, credentials, credentials_mask(credentials), url_server(url), subscription_json(s, now())
  FROM subscriptions AS s WHERE false;

ROLLBACK;
