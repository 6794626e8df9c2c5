-- This worker stops of its own accord.
-- takes: name
DELETE FROM workers WHERE name = $1::text
