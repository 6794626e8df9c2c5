-- The process id of the server process that serves this transaction.
-- returns: pid
SELECT pg_backend_pid() AS pid
