-- A page of the events that pass the filters, newest first; a filter that is
-- NULL is not applied. Planned for its values, so that absent filters cost
-- nothing. The cursor is exclusive; `low` is the least id. Payloads as in
-- events_page.sql.
--
-- Some filters ($6 to $9) choose an index, whose rows are read in the order of
-- ids; the others ($10 to $14) are applied to the first `examine` of these
-- rows. So a page costs little, whatever passes, but rows can pass that are not
-- on it: the caller looks where reading ended. The ranges of (service, id)
-- leave the planner no other index, whatever it believes of the values; so does
-- the order.
--
-- from, to: of "timestamp". With `own_cursor` and `own_low`, events whose sender
-- gave the time are found by it, between these ids, and `cursor` and `low` are
-- about all other events.
-- takes: cursor low limit offset examine
-- takes: service source_event_id deduplication_key derived
-- takes: also_service also_deduplication_key also_derived from to
-- takes: own_cursor own_low
-- returns: id service timestamp payload normalized_payload deduplication_key source_event_id created_at
SELECT id, service, "timestamp",
       CASE WHEN CASE WHEN pg_column_compression(payload) IS NULL
                      THEN pg_column_size(payload) ELSE octet_length(payload::text) END <= 40960
             AND CASE WHEN pg_column_compression(normalized_payload) IS NULL
                      THEN coalesce(pg_column_size(normalized_payload), 0)
                      ELSE octet_length(normalized_payload::text) END <= 40960
            THEN payload END AS payload,
       CASE WHEN pg_column_size(normalized_payload) <= 40960
            THEN normalized_payload END AS normalized_payload,
       deduplication_key, source_event_id, created_at
  FROM (SELECT * FROM (
        SELECT * FROM (
            SELECT id, service, "timestamp", payload, normalized_payload, deduplication_key,
                   source_event_id, created_at, own_time
              FROM events
             WHERE id < $1::uuid AND id >= $2::uuid
               AND ($6::text IS NULL OR (service, id) < ($6::text, $1::uuid)
                                        AND (service, id) >= ($6::text, $2::uuid))
               AND ($7::uuid IS NULL OR source_event_id >= $7::uuid AND source_event_id <= $7::uuid)
               AND ($8::text IS NULL OR deduplication_key IS NOT NULL
                                        AND (deduplication_key, id) < ($8::text, $1::uuid)
                                        AND (deduplication_key, id) >= ($8::text, $2::uuid))
               AND ($9::boolean IS NULL OR (source_event_id IS NOT NULL) = $9::boolean)
             ORDER BY CASE WHEN $6::text IS NOT NULL THEN service
                           WHEN $8::text IS NOT NULL THEN deduplication_key END DESC,
                      CASE WHEN $7::uuid IS NOT NULL THEN source_event_id END DESC, id DESC
             LIMIT $5::int) AS e
         WHERE ($10::text IS NULL OR service = $10::text)
           AND ($11::text IS NULL OR deduplication_key = $11::text)
           AND ($12::boolean IS NULL OR (source_event_id IS NOT NULL) = $12::boolean)
           AND ($13::timestamptz IS NULL
                OR CASE WHEN $15::uuid IS NULL
                        THEN "timestamp" >= $13::timestamptz AND "timestamp" < $14::timestamptz
                        ELSE own_time IS NOT TRUE END)
        UNION ALL
        SELECT * FROM (
            SELECT id, service, "timestamp", payload, normalized_payload, deduplication_key,
                   source_event_id, created_at, own_time
              FROM events
             WHERE own_time AND "timestamp" >= $13::timestamptz AND "timestamp" < $14::timestamptz
               AND id < $15::uuid AND id >= $16::uuid
             ORDER BY "timestamp"
             LIMIT $5::int) AS o
         WHERE ($6::text IS NULL OR service = $6::text)
           AND ($7::uuid IS NULL OR source_event_id = $7::uuid)
           AND ($8::text IS NULL OR deduplication_key = $8::text)
           AND ($9::boolean IS NULL OR (source_event_id IS NOT NULL) = $9::boolean)
           AND ($10::text IS NULL OR service = $10::text)
           AND ($11::text IS NULL OR deduplication_key = $11::text)
           AND ($12::boolean IS NULL OR (source_event_id IS NOT NULL) = $12::boolean)) AS passed
         ORDER BY CASE WHEN $6::text IS NOT NULL THEN service
                       WHEN $8::text IS NOT NULL THEN deduplication_key END DESC,
                  CASE WHEN $7::uuid IS NOT NULL THEN source_event_id END DESC, id DESC
         LIMIT $3::int OFFSET $4::bigint) AS page
