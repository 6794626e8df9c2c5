-- Whether the schema is at least the version that this program was built for,
-- whether this server can be written to, and whether a worker was seen in the
-- last $2 seconds. A time in the future comes from a wrong clock and does not
-- count. `unwritable` names the tables into which an ingest writes and this
-- role lacks the right to insert; NULL: there are none. These tables are not
-- locked, because the statement must answer even if the pool waits for a lock.
-- takes: change seen_seconds
-- returns: is_migrated is_writable has_worker unwritable
SELECT EXISTS (SELECT FROM sqitch.changes WHERE project = 'smartcity' AND change = $1::text) AS is_migrated,
       NOT pg_is_in_recovery() AS is_writable,
       EXISTS (SELECT FROM workers WHERE last_seen_at > now() - $2::int * interval '1 second'
                                 AND last_seen_at < now() + interval '1 minute') AS has_worker,
       (SELECT string_agg(name, ', ')
          FROM unnest('{events,event_keys,rejected_events,incidents,outbox_messages,deliveries}'::text[]) AS name
         WHERE NOT has_table_privilege(name, 'INSERT')) AS unwritable
