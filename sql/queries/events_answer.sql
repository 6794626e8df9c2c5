-- The ids with which the senders of events were answered; the answer can have
-- been lost. n: the element of $1, from 1. No row: there is no such event.
-- takes: id
-- returns: n id derived_event_id
SELECT a.n, a.id, d.id AS derived_event_id
  FROM unnest($1::uuid[]) WITH ORDINALITY AS a(id, n)
       JOIN events AS e ON e.id = a.id
       LEFT JOIN unnest(e.derived_event_ids) WITH ORDINALITY AS d(id, n) ON true
 ORDER BY a.n, d.n
