-- Sets the time limit of the session's statements, from the next one on.
-- takes: timeout
-- returns: statement lock
SELECT set_config('statement_timeout', $1::text, false) AS statement,
       set_config('lock_timeout', $1::text, false) AS lock
