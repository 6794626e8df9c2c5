-- Of the events older than the cursor ($1, exclusive) and not before `low`
-- ($2), how many there are, but at most `offset`.
-- takes: cursor low offset
-- returns: skipped
SELECT count(*) AS skipped
  FROM (SELECT FROM events
         WHERE id < $1::uuid AND id >= $2::uuid
         ORDER BY id DESC
         LIMIT $3::bigint) AS e
