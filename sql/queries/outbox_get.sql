-- One message by its id, with its deliveries and their attempts.
-- takes: id
-- returns: message
SELECT message_shown(m) AS message FROM outbox_messages AS m WHERE m.id = $1::uuid
