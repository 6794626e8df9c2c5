-- Is the schema at least the one this program was built for, may this server
-- be written to, and has a worker been seen lately ($2 seconds, and not in a wrong
-- future)? At last the tables that an event is written to and this role may not
-- write; NULL: none. No table is locked: it must answer when the pool waits.
-- takes: change seen_seconds
-- returns: is_migrated is_writable has_worker unwritable
SELECT EXISTS (SELECT FROM sqitch.changes WHERE project = 'smartcity' AND change = $1::text) AS is_migrated,
       NOT pg_is_in_recovery() AS is_writable,
       EXISTS (SELECT FROM workers WHERE last_seen_at > now() - $2::int * interval '1 second'
                                 AND last_seen_at < now() + interval '1 minute') AS has_worker,
       (SELECT string_agg(name, ', ')
          FROM unnest('{events,event_keys,rejected_events,incidents,outbox_messages,deliveries}'::text[]) AS name
         WHERE NOT has_table_privilege(name, 'INSERT')) AS unwritable
