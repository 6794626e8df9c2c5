-- How many events have a "timestamp" from $1 to $2 (exclusive) that their sender
-- gave, but at most `limit`; of those older than the cursor ($3) and not before
-- `low` ($4).
-- takes: from to cursor low limit
-- returns: found
SELECT count(*) AS found
  FROM (SELECT FROM events
         WHERE own_time AND "timestamp" >= $1::timestamptz AND "timestamp" < $2::timestamptz
           AND id < $3::uuid AND id >= $4::uuid
         ORDER BY "timestamp"
         LIMIT $5::int) AS e
