-- A page of rejected events, newest first, older than the cursor ($1), with the
-- beginnings of their bodies. The size is bounded, with `more`, as in
-- events_page.sql.
-- takes: cursor limit offset service
-- returns: id service deduplication_key reasons body created_at body_bytes
-- returns: more
WITH listed AS (
    SELECT id, service, deduplication_key, reasons, substr(body, 1, 4096) AS body, created_at,
           octet_length(body) AS body_bytes,
           pg_column_size(reasons)::float8 * CASE WHEN pg_column_compression(reasons) IS NULL THEN 1 ELSE 256 END AS bytes
      FROM rejected_events
     WHERE id < $1::uuid
       AND ($4::text IS NULL OR service = $4::text)
     ORDER BY id DESC
     LIMIT $2::int OFFSET $3::bigint
), added AS (
    SELECT *, sum(bytes) OVER w AS total, lead(true) OVER w AS more
      FROM listed
    WINDOW w AS (ORDER BY id DESC ROWS UNBOUNDED PRECEDING)
)
SELECT id, service, deduplication_key, reasons, body, created_at, body_bytes, more
  FROM added
 WHERE total <= 8388608 OR total = bytes
 ORDER BY id DESC
