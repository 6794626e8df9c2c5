-- Does a part of the work of making weekly partitions of events, $1 weeks
-- ahead, and of moving rows from events_default into them. Returns how much was
-- done; 0: nothing is left to do.
-- takes: weeks
-- returns: done
SELECT events_partitions_ensure($1::int) AS done
