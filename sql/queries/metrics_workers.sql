-- For each worker seen in the last $1 seconds: one row without a sample, and
-- one row for each of its samples, sorted by metric.
-- takes: seen_seconds
-- returns: name unseen_seconds started_at metric labels value
SELECT w.name, extract(epoch FROM now() - w.last_seen_at) AS unseen_seconds,
       extract(epoch FROM w.started_at) AS started_at,
       m.sample ->> 0 AS metric, m.sample ->> 1 AS labels, m.sample ->> 2 AS value
  FROM workers AS w
  LEFT JOIN LATERAL (
    SELECT NULL::json AS sample, 0 AS n
     UNION ALL
    SELECT x.sample, x.n FROM json_array_elements(w.metrics) WITH ORDINALITY AS x(sample, n)) AS m ON true
 WHERE w.last_seen_at > now() - $1::int * interval '1 second'
   AND w.last_seen_at < now() + interval '1 minute'
 ORDER BY m.sample ->> 0 NULLS FIRST, w.name, m.n
