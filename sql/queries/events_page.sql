-- A page of all events, newest first, older than the cursor ($1, exclusive).
-- The page has the first event, and the next ones as long as all are sure to
-- fit into 8 MiB. This bound uses the stored size, which is known without
-- reading the value; a compressed value can be 256 times as long. `more`, in
-- the last row: this bound has cut the page off.
-- takes: cursor limit offset
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
