-- Writes one event, its sender's key, the derived events of the rules'
-- findings, the messages that announce them and one delivery for each receiver,
-- in one statement and so in one transaction.
--
-- Returns one row for each finding, or one row if there is none; no row: the
-- key existed already, and nothing was written. A finding whose incident is
-- open writes no event; its row has the id of the derived event that stands for
-- it.
-- takes: id service timestamp payload normalized_payload key findings request_id traceparent retry_schedule
-- returns: id derived_event_id
WITH arg AS (
    SELECT $1::uuid AS id, $2::text AS service, $3::timestamptz AS "timestamp",
           $4::json AS payload, $5::json AS normalized_payload,
           $6::text AS key, $7::json AS findings,
           $8::text AS request_id, $9::text AS traceparent
), claimed AS (
    INSERT INTO event_keys (service, key, event_id)
    SELECT service, key, id FROM arg WHERE key IS NOT NULL
    ON CONFLICT (service, key) DO NOTHING
    RETURNING event_id
), admitted AS (
    SELECT * FROM arg WHERE key IS NULL OR EXISTS (SELECT FROM claimed)
), finding AS (
    SELECT f.*
      FROM admitted, json_to_recordset(admitted.findings) AS f(
           n int, id uuid, service text, key text,
           payload json, watched text, quiet int, remind int)
), standing AS (
    -- Keys in sorted order, so that two requests cannot deadlock. A time in the
    -- future comes from a wrong clock and is ignored.
    INSERT INTO incidents AS x (service, key, event_id, opened_at, last_seen_at,
                                closes_at, reminds_at, occurrences, watched)
    SELECT DISTINCT ON (service, key)
           service, key, id, now(), now(), now() + quiet * interval '1 second',
           now() + remind * interval '1 second', 1, watched
      FROM finding
     WHERE key IS NOT NULL AND quiet > 0
     ORDER BY service, key, n
    ON CONFLICT (service, key) DO UPDATE SET
        event_id = CASE WHEN now() >= x.closes_at OR x.last_seen_at > now() + interval '1 minute'
                          OR now() >= x.reminds_at OR x.watched IS DISTINCT FROM excluded.watched
                        THEN excluded.event_id ELSE x.event_id END,
        reminds_at = CASE WHEN now() >= x.closes_at OR x.last_seen_at > now() + interval '1 minute'
                            OR now() >= x.reminds_at OR x.watched IS DISTINCT FROM excluded.watched
                          THEN excluded.reminds_at ELSE x.reminds_at END,
        opened_at = CASE WHEN now() >= x.closes_at OR x.last_seen_at > now() + interval '1 minute'
                         THEN excluded.opened_at ELSE x.opened_at END,
        occurrences = CASE WHEN now() >= x.closes_at OR x.last_seen_at > now() + interval '1 minute'
                           THEN 1 ELSE x.occurrences + 1 END,
        last_seen_at = CASE WHEN x.last_seen_at > now() + interval '1 minute' THEN excluded.last_seen_at
                            ELSE greatest(x.last_seen_at, excluded.last_seen_at) END,
        closes_at = excluded.closes_at,
        watched = excluded.watched
    RETURNING x.service, x.key, x.event_id
), decided AS (
    -- The id that stands for each finding: its own if it fired.
    SELECT f.*, coalesce(s.event_id, f.id) AS event_id
      FROM finding AS f LEFT JOIN standing AS s USING (service, key)
), fired AS (
    SELECT * FROM decided WHERE event_id = id
), written AS (
    -- The event and the derived events in one INSERT: to find the partition and
    -- open its indexes costs as much as to write a row, and is done only once.
    INSERT INTO events (id, service, "timestamp", payload, normalized_payload, deduplication_key,
                        source_event_id, derived_event_ids, request_id, created_at)
    SELECT id, service, "timestamp", payload, normalized_payload, key,
           NULL, (SELECT array_agg(event_id ORDER BY n) FROM decided), request_id, now()
      FROM admitted
     UNION ALL
    SELECT d.id, d.service, a."timestamp", d.payload, NULL, d.key, a.id, NULL, a.request_id, now()
      FROM fired AS d, admitted AS a
), queued AS (
    INSERT INTO outbox_messages (id, topic, payload, source, subject, causation_id,
                                 occurred_at, request_id, traceparent, created_at)
    SELECT d.id, 'event.' || d.service, d.payload::text, '/ingest/' || a.service, d.key,
           a.id, a."timestamp", a.request_id, a.traceparent, now()
      FROM fired AS d, admitted AS a
    RETURNING id, topic, subject
), handed_over AS (
    INSERT INTO deliveries (message_id, subscription_id, subject, next_attempt_at, created_at)
    SELECT q.id, s.id, CASE s.ordering WHEN 'subject' THEN q.subject END,
           now() + split_part(coalesce(s.retry_schedule, $10::text), ',', 1)::float8 * interval '1 second',
           now()
      FROM queued AS q JOIN subscriptions AS s
        ON s.topic IN (q.topic, 'event.*') AND s.deleted_at IS NULL
)
SELECT a.id, d.event_id AS derived_event_id FROM admitted AS a LEFT JOIN decided AS d ON true ORDER BY d.n
