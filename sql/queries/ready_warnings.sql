-- The database's time, and the warnings of workers seen in the last $1 seconds:
-- one row for each, or one row without a warning. If several workers warn under
-- the same name, only the warning with the greatest value.
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
