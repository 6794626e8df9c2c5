-- The process of the server that this transaction is served by.
SELECT pg_backend_pid()
