-- Verify smartcity:worker_metrics on pg

BEGIN;

SELECT metrics FROM workers WHERE false;

ROLLBACK;
