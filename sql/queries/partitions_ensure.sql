-- Makes weekly partitions of events, $1 weeks ahead, and moves rows from
-- events_default into them; each call does a part of this. Returns how much was
-- done; 0: nothing is left to do.
-- takes: weeks
-- returns: done
SELECT events_partitions_ensure($1::int) AS done
