-- Removes a worker that stops in an orderly way.
-- takes: name
DELETE FROM workers WHERE name = $1::text
