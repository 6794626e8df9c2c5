-- Is the schema at least the one this program was built for, may this server
-- be written to, and has a worker been seen lately ($2 seconds,
-- and not in a wrong future)?
SELECT EXISTS (SELECT FROM sqitch.changes WHERE project = 'smartcity' AND change = $1::text),
       NOT pg_is_in_recovery(),
       EXISTS (SELECT FROM workers WHERE last_seen_at > now() - $2::int * interval '1 second'
                                 AND last_seen_at < now() + interval '1 minute')
