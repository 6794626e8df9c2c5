-- Verify smartcity:message_shown on pg

BEGIN;

SELECT 'message_shown(outbox_messages)'::regprocedure, 'message_status(text[])'::regprocedure,
       'delivery_error(deliveries)'::regprocedure;

ROLLBACK;
