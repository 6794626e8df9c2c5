-- What time it is here, and what workers seen in the last $1 seconds warn of: a
-- row each, or one without; of several that warn of the same, the worst.
-- takes: seen_seconds
-- returns: now warning
SELECT extract(epoch FROM now()) AS now, x.warning
  FROM (SELECT) AS one LEFT JOIN (
    SELECT DISTINCT ON (m.sample ->> 0) m.sample ->> 1 AS warning
      FROM workers AS w, json_array_elements(w.metrics) AS m(sample)
     WHERE w.last_seen_at > now() - $1::int * interval '1 second'
       AND w.last_seen_at < now() + interval '1 minute'
       AND m.sample ->> 0 LIKE 'warning %'
     ORDER BY m.sample ->> 0, (m.sample ->> 2)::float8 DESC) AS x ON true
