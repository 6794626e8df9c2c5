-- Makes this session ours, whatever server, database and role prescribe: every
-- setting that changes what is read, written or waited for. $1 is the time for
-- a statement. One that this server does not know is left out.
-- search_path is not among them: it is how an operator chooses the schema.
-- Answers what decides whether this server may be given an event.
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
            -- An operator may ask for more, never for less.
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
            -- No statement here is long enough to be worth compiling.
            ('jit', 'off')) AS p(name, value)
      JOIN pg_settings AS s USING (name)
)
SELECT current_setting('server_encoding') AS encoding,
       current_setting('fsync') = 'on' AND current_setting('full_page_writes') = 'on' AS is_durable,
       pg_is_in_recovery() AS is_standby,
       pg_backend_pid() AS pid
  FROM pinned
