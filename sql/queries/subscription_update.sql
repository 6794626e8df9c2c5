-- Changes the columns that the JSON names and no others (RFC 7396). "paused":
-- false ends a pause, a 410 and an open breaker, so that held deliveries which
-- are due are sent. A new ordering applies to deliveries made from now on.
--
-- A secret that comes masked, as answers show it, stays as it is stored if the
-- URL names the same server as before, so that it is never sent to another.
-- Otherwise the change is refused and nothing is written; each row returned is
-- then a fault, with its kind (see subscriptions.c) and the name of the header,
-- if it concerns one.
-- takes: id patch
-- returns: json topic kind name
WITH arg AS (
    SELECT $1::uuid AS id, $2::jsonb AS patch
), old AS (
    SELECT s.id, s AS was, a.patch
      FROM subscriptions AS s JOIN arg AS a ON a.id = s.id
     WHERE s.deleted_at IS NULL
       FOR UPDATE OF s
), new AS (
    SELECT o.id, o.patch, (o.was).credentials AS old_credentials, (o.was).headers AS old_headers,
           url_server(c.url) <> url_server((o.was).url) AS moves,
           c.credentials = credentials_mask(c.credentials) AS is_masked, c.*
      FROM old AS o,
           LATERAL (SELECT p.topic, p.url, p.credentials, p.headers, p.description, p.retry_schedule,
                           p.ordering, p.max_in_flight, p.expires_after, p.paused
                      FROM jsonb_populate_record(o.was, o.patch) AS p) AS c
), header AS (
    SELECT h.key AS name, h.value = '***' AS is_masked,
           CASE WHEN h.value <> '***' THEN h.value
                ELSE (SELECT k.value FROM jsonb_each_text(new.old_headers) AS k
                       WHERE lower(k.key) = lower(h.key)) END AS value
      FROM new, jsonb_each_text(new.headers) AS h
), fault AS (
    SELECT 'credentials_unknown' AS kind, NULL AS name
      FROM new
     WHERE is_masked AND (moves OR credentials IS DISTINCT FROM credentials_mask(old_credentials))
    UNION ALL
    SELECT 'header_unknown', h.name FROM header AS h WHERE h.value IS NULL
    UNION ALL
    SELECT 'header_moves', h.name
      FROM header AS h, new
     WHERE new.moves AND h.is_masked AND h.value IS NOT NULL
    UNION ALL
    SELECT 'headers_move', NULL
      FROM new
     WHERE moves AND old_headers IS NOT NULL AND NOT patch ? 'headers'
    UNION ALL
    SELECT 'headers_of_nats', NULL
      FROM new
     WHERE headers IS NOT NULL AND url !~* '^https?:' AND (patch ? 'headers' OR NOT moves)
), changed AS (
    UPDATE subscriptions AS s
       SET topic = n.topic, url = n.url,
           credentials = CASE WHEN n.is_masked THEN n.old_credentials ELSE n.credentials END,
           headers = (SELECT jsonb_object_agg(h.name, h.value) FROM header AS h),
           description = n.description, retry_schedule = n.retry_schedule, ordering = n.ordering,
           max_in_flight = n.max_in_flight, expires_after = n.expires_after, paused = n.paused,
           disabled_reason = CASE WHEN NOT n.patch @> '{"paused": false}' THEN s.disabled_reason END,
           failures = CASE WHEN n.patch @> '{"paused": false}' THEN 0 ELSE s.failures END,
           trips = CASE WHEN n.patch @> '{"paused": false}' THEN 0 ELSE s.trips END,
           open_until = CASE WHEN NOT n.patch @> '{"paused": false}' THEN s.open_until END,
           woken_at = CASE WHEN n.patch @> '{"paused": false}' THEN now() ELSE s.woken_at END,
           updated_at = CASE WHEN n.patch = '{}' THEN s.updated_at ELSE now() END
      FROM new AS n
     WHERE s.id = n.id AND NOT EXISTS (SELECT FROM fault)
    RETURNING subscription_json(s, now()) AS json, s.topic
)
SELECT c.json, c.topic, f.kind, f.name
  FROM old LEFT JOIN fault AS f ON true LEFT JOIN changed AS c ON true
 ORDER BY f.kind, f.name
