-- Deploy smartcity:worker_metrics to pg
-- requires: outbox

BEGIN;

-- What a worker has counted since it started, for /metrics:
-- [["name", "label=\"value\",…", number], …]
ALTER TABLE workers ADD COLUMN metrics json;

COMMIT;
