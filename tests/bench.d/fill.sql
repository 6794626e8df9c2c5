-- psql -v back=103 -v n=200000 -v payload='{…}': makes the partition of the week
-- `back` weeks ago, and inserts n events, evenly between the week's start and its
-- end, or now.
SELECT date_trunc('week', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'
       - :back * interval '168 hours' AS week \gset
SELECT events_partition_create('events', :'week') \g /dev/null
SET synchronous_commit = off;
INSERT INTO events (id, service, "timestamp", payload, normalized_payload, request_id, created_at)
SELECT overlay(gen_random_uuid()::text PLACING left(uuid_v7_floor(at)::text, 14) || '7' FROM 1)::uuid,
       'transport', at, :'payload', :'payload', md5(i::text), at
  FROM (SELECT i, :'week'::timestamptz + i * (least(:'week'::timestamptz + interval '168 hours', now())
                                  - :'week'::timestamptz) / :n AS at
          FROM generate_series(0, :n - 1) AS i) AS x;
