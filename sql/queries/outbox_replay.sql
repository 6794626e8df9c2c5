-- Makes deliveries in state $5 (failed, expired or delivered) due now, as if
-- none had been attempted: the oldest $2 that pass the filters; a filter that
-- is NULL is not applied. If $7 is true, they are only counted. The messages
-- are locked before their deliveries, so that retention cannot delete them, and
-- in sorted order, so that two replays cannot deadlock. Planned anew for each
-- call. `until` is an id, exclusive; `since` is the least id.
-- takes: until limit since topic state subscription_id dry_run
-- returns: json
WITH found AS (
    SELECT d.message_id, d.subscription_id
      FROM deliveries AS d
      JOIN outbox_messages AS m ON m.id = d.message_id
      JOIN subscriptions AS s ON s.id = d.subscription_id AND s.deleted_at IS NULL
     WHERE d.status = $5::text
       AND d.message_id < $1::uuid AND ($3::uuid IS NULL OR d.message_id >= $3::uuid)
       AND ($4::text IS NULL OR m.topic = $4::text)
       AND ($6::uuid IS NULL OR d.subscription_id = $6::uuid)
     ORDER BY d.message_id, d.subscription_id
     LIMIT $2::int + 1
), matched AS (
    SELECT * FROM found ORDER BY message_id, subscription_id LIMIT $2::int
), message AS (
    SELECT id FROM outbox_messages
     WHERE id = ANY (ARRAY(SELECT message_id FROM matched WHERE NOT $7::boolean))
     ORDER BY id
       FOR UPDATE
), replayed AS (
    UPDATE deliveries AS d
       SET status = 'pending', attempts_before = attempts, next_attempt_at = now(),
           settled_at = NULL, replayed_at = now(), last_error = NULL
      FROM matched AS x JOIN message AS m ON m.id = x.message_id
     WHERE d.message_id = x.message_id AND d.subscription_id = x.subscription_id
       AND d.status = $5::text
    RETURNING d.message_id
)
SELECT row_to_json(x) AS json
  FROM (SELECT (SELECT count(*) FROM matched) AS matched,
               (SELECT count(*) FROM replayed) AS replayed,
               $7::boolean AS dry_run,
               (SELECT count(*) FROM found) > $2::int AS more) AS x
