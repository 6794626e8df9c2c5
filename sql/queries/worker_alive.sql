-- Whether a worker of host $1 was seen in the last $2 seconds. A time in the
-- future comes from a wrong clock and does not count.
-- takes: host seen_seconds
-- returns: is_alive
SELECT EXISTS (SELECT FROM workers
                WHERE starts_with(name, $1::text || ':')
                  AND last_seen_at > now() - $2::int * interval '1 second'
                  AND last_seen_at < now() + interval '1 minute') AS is_alive
