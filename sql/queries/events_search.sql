-- A page of the events that pass the filters, newest first; a filter that is
-- NULL is not applied. Planned for its values, so that absent filters cost
-- nothing. Cursor, low, high and payloads as in events_page.sql.
--
-- The filters $7 to $10 choose an index, whose rows are read in the order of
-- ids; the others are applied to the first `examine` of these rows. So a page
-- costs little, whatever passes, but rows can pass that are not on it: the
-- caller looks where reading ended. The planner has no choice of another index,
-- whatever it believes of the values: it could not use one for ranges of
-- (service, id), nor for the order. It expects of a limit that it does not know
-- that few rows are read, and does not sort them all.
--
-- from, to: of "timestamp". received: only events whose "timestamp" is the time
-- of receipt.
-- takes: cursor low high limit offset examine
-- takes: service source_event_id deduplication_key derived
-- takes: also_service also_deduplication_key also_derived from to received
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
        SELECT id, service, "timestamp", payload, normalized_payload, deduplication_key,
               source_event_id, created_at, own_time
          FROM events
         WHERE id < $1::uuid AND id >= $2::uuid AND id < $3::uuid
           AND ($7::text IS NULL OR (service, id) < ($7::text, least($1::uuid, $3::uuid))
                                    AND (service, id) >= ($7::text, $2::uuid))
           AND ($8::uuid IS NULL OR source_event_id >= $8::uuid AND source_event_id <= $8::uuid)
           AND ($9::text IS NULL OR deduplication_key IS NOT NULL
                                    AND (deduplication_key, id) < ($9::text, least($1::uuid, $3::uuid))
                                    AND (deduplication_key, id) >= ($9::text, $2::uuid))
           AND ($10::boolean IS NULL OR (source_event_id IS NOT NULL) = $10::boolean)
         ORDER BY CASE WHEN $7::text IS NOT NULL THEN service
                       WHEN $9::text IS NOT NULL THEN deduplication_key END DESC,
                  CASE WHEN $8::uuid IS NOT NULL THEN source_event_id END DESC, id DESC
         LIMIT (SELECT $6::int)) AS read
     WHERE ($11::text IS NULL OR service = $11::text)
       AND ($12::text IS NULL OR deduplication_key = $12::text)
       AND ($13::boolean IS NULL OR (source_event_id IS NOT NULL) = $13::boolean)
       AND ($14::timestamptz IS NULL OR "timestamp" >= $14::timestamptz AND "timestamp" < $15::timestamptz)
       AND ($16::boolean IS NULL OR own_time IS NOT TRUE)
     ORDER BY CASE WHEN $7::text IS NOT NULL THEN service
                   WHEN $9::text IS NOT NULL THEN deduplication_key END DESC,
              CASE WHEN $8::uuid IS NOT NULL THEN source_event_id END DESC, id DESC
     LIMIT $4::int OFFSET $5::bigint) AS page
