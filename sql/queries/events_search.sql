-- A page of the events that pass the filters, newest first; a filter that is
-- NULL is not applied. Planned anew for each call, so that absent filters cost
-- nothing. The cursor is exclusive; `since` is the least id. The size is
-- bounded, with `more`, as in events_page.sql.
-- takes: cursor limit offset since service source_event_id deduplication_key derived
-- returns: id service timestamp payload normalized_payload deduplication_key source_event_id created_at
-- returns: more
WITH listed AS (
    SELECT id, service, "timestamp", payload, normalized_payload, deduplication_key,
           source_event_id, created_at,
           pg_column_size(payload)::float8 * CASE WHEN pg_column_compression(payload) IS NULL THEN 1 ELSE 256 END
           + coalesce(pg_column_size(normalized_payload)::float8
                      * CASE WHEN pg_column_compression(normalized_payload) IS NULL THEN 1 ELSE 256 END, 0) AS bytes
      FROM events
     WHERE id < $1::uuid
       AND ($4::uuid IS NULL OR id >= $4::uuid)
       AND ($5::text IS NULL OR service = $5::text)
       AND ($6::uuid IS NULL OR source_event_id = $6::uuid)
       AND ($7::text IS NULL OR deduplication_key = $7::text)
       AND ($8::boolean IS NULL OR (source_event_id IS NOT NULL) = $8::boolean)
     ORDER BY id DESC
     LIMIT $2::int OFFSET $3::bigint
), added AS (
    SELECT *, sum(bytes) OVER w AS total, lead(true) OVER w AS more
      FROM listed
    WINDOW w AS (ORDER BY id DESC ROWS UNBOUNDED PRECEDING)
)
SELECT id, service, "timestamp", payload, normalized_payload, deduplication_key,
       source_event_id, created_at, more
  FROM added
 WHERE total <= 8388608 OR total = bytes
 ORDER BY id DESC
