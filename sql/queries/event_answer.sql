-- The ids with which the sender of an event was answered; the answer can have
-- been lost.
-- takes: id
-- returns: id derived_event_id
SELECT e.id, d.id AS derived_event_id
  FROM events AS e LEFT JOIN unnest(e.derived_event_ids) WITH ORDINALITY AS d (id, n) ON true
 WHERE e.id = $1::uuid
 ORDER BY d.n
