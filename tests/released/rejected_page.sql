-- A page of rejected events, newest first, older than the cursor ($1), with
-- the beginnings of their bodies.
SELECT id, service, deduplication_key, reasons, substr(body, 1, 4096), created_at,
       octet_length(body)
  FROM rejected_events
 WHERE id < $1::uuid
   AND ($4::text IS NULL OR service = $4::text)
 ORDER BY id DESC
 LIMIT $2::int OFFSET $3::bigint
