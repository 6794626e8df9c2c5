-- What the sender of an event was, or would have been, answered.
SELECT e.id, d.id
  FROM events AS e LEFT JOIN unnest(e.derived_event_ids) WITH ORDINALITY AS d (id, n) ON true
 WHERE e.id = $1::uuid
 ORDER BY d.n
