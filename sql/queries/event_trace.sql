-- The event $1, and then the derived events that its sender's answer named, in
-- the order of that answer; each with its message. `fired`: the event $1 caused
-- this derived event; otherwise the derived event existed before and stands for
-- a finding of $1. Columns of events are those of event_get.sql. No row: there
-- is no such event.
-- takes: id
-- returns: id service timestamp payload normalized_payload deduplication_key source_event_id created_at
-- returns: fired request_id message
WITH base AS (
    SELECT id, derived_event_ids FROM events WHERE id = $1::uuid
), trail AS (
    SELECT id, 0::bigint AS n FROM base
    UNION ALL
    SELECT d.id, min(d.n)
      FROM base, unnest(base.derived_event_ids) WITH ORDINALITY AS d(id, n)
     GROUP BY d.id
)
SELECT e.id, e.service, e."timestamp", e.payload, e.normalized_payload, e.deduplication_key,
       e.source_event_id, e.created_at,
       e.source_event_id = $1::uuid AS fired, e.request_id,
       (SELECT message_shown(m) FROM outbox_messages AS m WHERE m.id = e.id) AS message
  FROM trail AS t JOIN events AS e ON e.id = t.id
 ORDER BY t.n
