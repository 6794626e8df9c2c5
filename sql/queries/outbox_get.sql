-- One message by its id, with its deliveries and their attempts.
SELECT message_shown(m) FROM outbox_messages AS m WHERE m.id = $1::uuid
