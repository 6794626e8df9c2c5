-- The event that was sent under a sender's key, whether its body equals $3, and
-- the ids with which its sender was answered.
-- takes: service key payload
-- returns: id derived_event_id is_same_body
SELECT e.id, d.id AS derived_event_id, e.payload::text = $3::text AS is_same_body
  FROM event_keys AS k JOIN events AS e ON e.id = k.event_id
       LEFT JOIN unnest(e.derived_event_ids) WITH ORDINALITY AS d (id, n) ON true
 WHERE k.service = $1::text AND k.key = $2::text
 ORDER BY d.n
