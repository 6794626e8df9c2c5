-- The process of the server that this transaction is served by.
-- returns: pid
SELECT pg_backend_pid() AS pid
