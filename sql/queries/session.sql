-- Sets all settings that change what is read, written or waited for, whatever
-- the configuration of server, database and role says; settings that this
-- server does not know are left out. $1 is the time limit of a statement.
-- search_path is not set, because operators choose the schema with it. Returns
-- what decides whether events can be stored on this server, and the server
-- process's id.
-- takes: timeout
-- returns: encoding is_durable is_standby pid
WITH pinned AS (
    SELECT count(set_config(s.name, p.value, false))
      FROM (VALUES
            ('client_encoding', 'UTF8'),
            ('TimeZone', 'UTC'),
            ('DateStyle', 'ISO, MDY'),
            ('IntervalStyle', 'postgres'),
            ('bytea_output', 'hex'),
            ('extra_float_digits', '1'),
            ('standard_conforming_strings', 'on'),
            ('array_nulls', 'on'),
            ('default_transaction_isolation', 'read committed'),
            ('default_transaction_read_only', 'off'),
            ('default_transaction_deferrable', 'off'),
            -- An operator can set a stricter value, not a weaker one.
            ('synchronous_commit', CASE current_setting('synchronous_commit')
                                   WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END),
            ('statement_timeout', $1::text),
            ('lock_timeout', $1::text),
            ('transaction_timeout', '0'),
            ('idle_in_transaction_session_timeout', '10s'),
            ('idle_session_timeout', '0'),
            ('client_min_messages', 'warning'),
            ('exit_on_error', 'off'),
            ('plan_cache_mode', 'auto'),
            -- No statement runs long enough for JIT compilation to pay.
            ('jit', 'off')) AS p(name, value)
      JOIN pg_settings AS s USING (name)
)
SELECT current_setting('server_encoding') AS encoding,
       current_setting('fsync') = 'on' AND current_setting('full_page_writes') = 'on' AS is_durable,
       pg_is_in_recovery() AS is_standby,
       pg_backend_pid() AS pid
  FROM pinned
