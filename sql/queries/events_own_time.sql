-- Events whose sender gave a "timestamp" from $1 to $2 (exclusive), newest
-- first, older than the cursor ($3, exclusive) and not before `low` ($4), that
-- pass the filters; a filter that is NULL is not applied. They are all sorted:
-- events_own_count.sql tells whether they are few. Payloads as in
-- events_page.sql.
-- takes: from to cursor low limit service source_event_id deduplication_key derived
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
        -- The order leaves the planner no other index.
        SELECT id, service, "timestamp", payload, normalized_payload, deduplication_key,
               source_event_id, created_at
          FROM events
         WHERE own_time AND "timestamp" >= $1::timestamptz AND "timestamp" < $2::timestamptz
           AND id < $3::uuid AND id >= $4::uuid
         ORDER BY "timestamp" OFFSET 0) AS own
     WHERE ($6::text IS NULL OR service = $6::text)
       AND ($7::uuid IS NULL OR source_event_id = $7::uuid)
       AND ($8::text IS NULL OR deduplication_key = $8::text)
       AND ($9::boolean IS NULL OR (source_event_id IS NOT NULL) = $9::boolean)
     ORDER BY id DESC
     LIMIT $5::int) AS page
