-- Revert smartcity:outbox from pg

BEGIN;

DROP TABLE workers;
DROP TABLE outbox_messages;

COMMIT;
