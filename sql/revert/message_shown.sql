-- Revert smartcity:message_shown from pg

BEGIN;

DROP FUNCTION message_shown(outbox_messages);
DROP FUNCTION message_status(text[]);
DROP FUNCTION delivery_error(deliveries);

COMMIT;
