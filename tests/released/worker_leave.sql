-- This worker stops of its own accord.
DELETE FROM workers WHERE name = $1::text
