-- Writes events, their senders' keys, the derived events of the rules' findings,
-- the messages that announce them, one delivery for each receiver, and the
-- events that were rejected, all in one statement and so in one transaction.
-- The result is as if the events had come one after the other, in the order of
-- the arrays; but all have the same now().
--
-- Returns for each event one row for each finding, or one row if there is none.
-- n: the element of the arrays, from 1. No row for an event: its key existed
-- already, or an event before it has the same key, and it was not written. A
-- finding whose incident is open writes no event; its row has the id of the
-- derived event that stands for it.
--
-- Keys are claimed in sorted order, then incidents in sorted order, so that two
-- statements cannot deadlock.
-- takes: id service timestamp own_time payload normalized_payload key request_id traceparent
-- takes: finding_n finding_id finding_service finding_key finding_payload watched quiet remind
-- takes: rejected_id rejected_service rejected_key reasons body
-- takes: retry_schedule
-- returns: n id derived_event_id
WITH arg AS MATERIALIZED (
    SELECT *
      FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::boolean[], $5::json[], $6::json[],
                  $7::text[], $8::text[], $9::text[])
           WITH ORDINALITY AS a(id, service, "timestamp", own_time, payload, normalized_payload,
                                key, request_id, traceparent, n)
), claimed AS (
    INSERT INTO event_keys (service, key, event_id)
    SELECT DISTINCT ON (service, key) service, key, id
      FROM arg
     WHERE key IS NOT NULL
     ORDER BY service, key, n
    ON CONFLICT (service, key) DO NOTHING
    RETURNING event_id
), admitted AS MATERIALIZED (
    SELECT * FROM arg WHERE key IS NULL OR id IN (SELECT event_id FROM claimed)
), finding AS (
    -- has_incident: otherwise each report fires.
    SELECT f.*, f.key IS NOT NULL AND f.quiet > 0 AS has_incident
      FROM unnest($10::int[], $11::uuid[], $12::text[], $13::text[], $14::json[], $15::text[],
                  $16::int[], $17::int[])
           WITH ORDINALITY AS f(n, id, service, key, payload, watched, quiet, remind, m)
           JOIN admitted USING (n)
), report AS (
    -- Of several reports of an incident in this statement, a later one fires if
    -- the watched field has changed since the one before it.
    SELECT f.*, first_value(id) OVER w AS entry_id, first_value(watched) OVER w AS entry_watched,
           row_number() OVER w AS occurrence,
           count(*) FILTER (WHERE fires_again) OVER w AS turn
      FROM (SELECT n, id, service, key, payload, watched, quiet, remind, m,
                   row_number() OVER v > 1
                   AND (lag(watched) OVER v IS DISTINCT FROM watched OR remind = 0) AS fires_again
              FROM finding WHERE has_incident
            WINDOW v AS (PARTITION BY service, key ORDER BY m)) AS f
    WINDOW w AS (PARTITION BY service, key ORDER BY m)
), turned AS (
    -- stands: the report that fired last, if turn > 0 or the first report fires.
    SELECT r.*, first_value(id) OVER w AS stands, first_value(remind) OVER w AS remind_after
      FROM report AS r
    WINDOW w AS (PARTITION BY service, key, turn ORDER BY m)
), standing AS (
    -- Whether the first report fires is decided by the row of its incident, and
    -- is returned in entry_event_id. A time in the future comes from a wrong
    -- clock and is ignored.
    INSERT INTO incidents AS x (service, key, event_id, opened_at, last_seen_at, closes_at, reminds_at,
                                occurrences, watched, entry_event_id, entry_watched)
    SELECT DISTINCT ON (service, key)
           service, key, stands, now(), now(), now() + quiet * interval '1 second',
           now() + remind_after * interval '1 second', occurrence, watched, entry_id, entry_watched
      FROM turned
     ORDER BY service, key, m DESC
    ON CONFLICT (service, key) DO UPDATE SET
        entry_event_id = CASE WHEN now() >= x.closes_at OR x.last_seen_at > now() + interval '1 minute'
                                OR now() >= x.reminds_at OR x.watched IS DISTINCT FROM excluded.entry_watched
                              THEN excluded.entry_event_id ELSE x.event_id END,
        event_id = CASE WHEN now() >= x.closes_at OR x.last_seen_at > now() + interval '1 minute'
                          OR now() >= x.reminds_at OR x.watched IS DISTINCT FROM excluded.entry_watched
                          OR excluded.event_id <> excluded.entry_event_id
                        THEN excluded.event_id ELSE x.event_id END,
        reminds_at = CASE WHEN now() >= x.closes_at OR x.last_seen_at > now() + interval '1 minute'
                            OR now() >= x.reminds_at OR x.watched IS DISTINCT FROM excluded.entry_watched
                            OR excluded.event_id <> excluded.entry_event_id
                          THEN excluded.reminds_at ELSE x.reminds_at END,
        opened_at = CASE WHEN now() >= x.closes_at OR x.last_seen_at > now() + interval '1 minute'
                         THEN excluded.opened_at ELSE x.opened_at END,
        occurrences = CASE WHEN now() >= x.closes_at OR x.last_seen_at > now() + interval '1 minute'
                           THEN excluded.occurrences ELSE x.occurrences + excluded.occurrences END,
        last_seen_at = CASE WHEN x.last_seen_at > now() + interval '1 minute' THEN excluded.last_seen_at
                            ELSE greatest(x.last_seen_at, excluded.last_seen_at) END,
        closes_at = excluded.closes_at,
        watched = excluded.watched,
        entry_watched = excluded.entry_watched
    RETURNING x.service, x.key, x.entry_event_id
), decided AS MATERIALIZED (
    -- The id that stands for each finding: its own if it fired.
    SELECT t.n, t.m, t.id, t.service, t.key, t.payload,
           CASE WHEN t.turn > 0 THEN t.stands ELSE s.entry_event_id END AS event_id
      FROM turned AS t JOIN standing AS s USING (service, key)
     UNION ALL
    SELECT n, m, id, service, key, payload, id FROM finding WHERE NOT has_incident
), fired AS MATERIALIZED (
    SELECT d.id, d.service, d.key, d.payload, a.id AS base_id, a.service AS base_service,
           a."timestamp", a.own_time, a.request_id, a.traceparent
      FROM decided AS d JOIN admitted AS a USING (n)
     WHERE d.event_id = d.id
), written AS (
    -- The events and the derived events in one INSERT: to find the partition and
    -- open its indexes costs as much as to write a row, and is done only once.
    INSERT INTO events (id, service, "timestamp", own_time, payload, normalized_payload, deduplication_key,
                        source_event_id, derived_event_ids, request_id, created_at)
    SELECT a.id, a.service, a."timestamp", a.own_time, a.payload, a.normalized_payload, a.key,
           NULL, d.event_ids, a.request_id, now()
      FROM admitted AS a LEFT JOIN (SELECT n, array_agg(event_id ORDER BY m) AS event_ids
                                      FROM decided GROUP BY n) AS d USING (n)
     UNION ALL
    SELECT id, service, "timestamp", own_time, payload, NULL, key, base_id, NULL, request_id, now()
      FROM fired
), queued AS (
    INSERT INTO outbox_messages (id, topic, payload, source, subject, causation_id,
                                 occurred_at, request_id, traceparent, created_at)
    SELECT id, 'event.' || service, payload::text, '/ingest/' || base_service, key,
           base_id, "timestamp", request_id, traceparent, now()
      FROM fired
    RETURNING id, topic, subject
), handed_over AS (
    INSERT INTO deliveries (message_id, subscription_id, subject, next_attempt_at, created_at)
    SELECT q.id, s.id, CASE s.ordering WHEN 'subject' THEN q.subject END,
           now() + split_part(coalesce(s.retry_schedule, $23::text), ',', 1)::float8 * interval '1 second',
           now()
      FROM queued AS q JOIN subscriptions AS s
        ON s.topic IN (q.topic, 'event.*') AND s.deleted_at IS NULL
), refused AS (
    INSERT INTO rejected_events (id, service, deduplication_key, reasons, body, created_at)
    SELECT r.*, now()
      FROM unnest($18::uuid[], $19::text[], $20::text[], $21::json[], $22::bytea[]) AS r
)
SELECT a.n, a.id, d.event_id AS derived_event_id
  FROM admitted AS a LEFT JOIN decided AS d USING (n)
 ORDER BY a.n, d.m
