-- Weekly partitions of events, made $1 weeks ahead; how many were new.
SELECT events_partitions_ensure($1::int)
