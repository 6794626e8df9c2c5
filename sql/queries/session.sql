-- Settings of this connection, and what the server must be set to.
SELECT set_config('client_encoding', 'UTF8', false),
       set_config('timezone', 'UTC', false),
       set_config('datestyle', 'ISO', false),
       set_config('synchronous_commit', 'on', false),
       set_config('statement_timeout', $1::text, false),
       set_config('lock_timeout', $1::text, false),
       set_config('idle_in_transaction_session_timeout', '10s', false),
       current_setting('fsync'),
       current_setting('full_page_writes'),
       -- No statement here is long enough to be worth compiling.
       set_config('jit', 'off', false)
