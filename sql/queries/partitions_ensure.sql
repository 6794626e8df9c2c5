-- A little of what makes weekly partitions of events, $1 weeks ahead, and
-- empties events_default into theirs; how much was done, 0 where nothing is left.
-- takes: weeks
-- returns: done
SELECT events_partitions_ensure($1::int) AS done
