-- The events that were sent under senders' keys, whether the body of each equals
-- that of $3, and the ids with which its sender was answered. n: the element of
-- the arrays, from 1. No row: there is no event of this key.
-- takes: service key payload
-- returns: n id derived_event_id is_same_body
SELECT a.n, e.id, d.id AS derived_event_id, e.payload::text = a.payload AS is_same_body
  FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS a(service, key, payload, n)
       JOIN event_keys AS k ON k.service = a.service AND k.key = a.key
       JOIN events AS e ON e.id = k.event_id
       LEFT JOIN unnest(e.derived_event_ids) WITH ORDINALITY AS d(id, n) ON true
 ORDER BY a.n, d.n
