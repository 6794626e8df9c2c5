-- Revert smartcity:worker_metrics from pg

BEGIN;

ALTER TABLE workers DROP COLUMN metrics;

COMMIT;
