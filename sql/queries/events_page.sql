-- A page of all events, newest first: older than the cursor ($1, exclusive),
-- from `low` ($2) to `high` ($3, exclusive), which let the planner leave out
-- partitions. To bound memory, an event that has more than 40 KiB in a JSON
-- value comes without its payload; event_get.sql reads it. The length of a
-- value that is not compressed is known without reading the value.
-- takes: cursor low high limit offset
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
  FROM (SELECT id, service, "timestamp", payload, normalized_payload, deduplication_key,
               source_event_id, created_at
          FROM events
         WHERE id < $1::uuid AND id >= $2::uuid AND id < $3::uuid
         ORDER BY id DESC
         LIMIT $4::int OFFSET $5::bigint) AS e
 ORDER BY id DESC
