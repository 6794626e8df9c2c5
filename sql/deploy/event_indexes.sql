-- Deploy smartcity:event_indexes to pg
-- requires: event_time

-- For GET /events: derived events, those of a service, and events whose sender
-- gave the time. A plain event, which is neither, has no entry in them. Each is
-- made on the parent alone, so that new partitions get it, and then on one
-- partition after the other, concurrently, which blocks nobody.
CREATE INDEX IF NOT EXISTS events_derived_idx ON ONLY events (id)
 WHERE source_event_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS events_derived_service_idx ON ONLY events (service, id)
 WHERE source_event_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS events_own_time_idx ON ONLY events ("timestamp", id)
 WHERE own_time;

-- And for the table that the worker drains events_default into: what it holds
-- becomes partitions of events, for which nobody is to wait.
SELECT format('CREATE INDEX IF NOT EXISTS events_staged%s ON ONLY events_staged %s', suffix, what)
  FROM (VALUES ('_derived_idx', '(id) WHERE (source_event_id IS NOT NULL)'),
               ('_derived_service_idx', '(service, id) WHERE (source_event_id IS NOT NULL)'),
               ('_own_time_idx', '("timestamp", id) WHERE own_time')) AS i(suffix, what)
 WHERE to_regclass('events_staged') IS NOT NULL
   AND NOT EXISTS (SELECT FROM pg_index WHERE indrelid = to_regclass('events_staged')
                      AND right(pg_get_indexdef(indexrelid), length(what)) = what) \gexec

-- What a failed attempt left.
SET lock_timeout = 0;
SELECT format('DROP INDEX CONCURRENTLY IF EXISTS %s', indexrelid::regclass)
  FROM pg_inherits JOIN pg_index ON indrelid = inhrelid AND NOT indisvalid
 WHERE inhparent IN (to_regclass('events'), to_regclass('events_staged')) \gexec

-- The partitions that lack an index. They can get it by themselves meanwhile.
CREATE TEMPORARY VIEW lacking AS
SELECT parent || suffix AS index, p.inhrelid::regclass AS part,
       p.inhrelid::regclass || suffix AS name, what
  FROM (VALUES ('events'), ('events_staged')) AS t(parent)
  JOIN pg_inherits AS p ON p.inhparent = to_regclass(parent),
       (VALUES ('_derived_idx', '(id) WHERE (source_event_id IS NOT NULL)'),
               ('_derived_service_idx', '(service, id) WHERE (source_event_id IS NOT NULL)'),
               ('_own_time_idx', '("timestamp", id) WHERE own_time')) AS i(suffix, what)
 WHERE to_regclass(parent || suffix) IS NOT NULL
   AND NOT EXISTS (SELECT FROM pg_inherits AS x JOIN pg_index AS y ON y.indexrelid = x.inhrelid
                    WHERE x.inhparent = to_regclass(parent || suffix) AND y.indrelid = p.inhrelid);

SELECT format('CREATE INDEX CONCURRENTLY IF NOT EXISTS %s ON %s %s', name, part, what)
  FROM lacking \gexec

SET lock_timeout = '100ms';
SELECT format('ALTER INDEX %s ATTACH PARTITION %s', index, name) FROM lacking \gexec
DROP VIEW lacking;
