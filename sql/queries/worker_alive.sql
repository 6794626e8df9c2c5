-- Has a worker of host $1 been seen lately ($2 seconds), and not in a wrong
-- future?
-- takes: host seen_seconds
-- returns: is_alive
SELECT EXISTS (SELECT FROM workers
                WHERE starts_with(name, $1::text || ':')
                  AND last_seen_at > now() - $2::int * interval '1 second'
                  AND last_seen_at < now() + interval '1 minute') AS is_alive
