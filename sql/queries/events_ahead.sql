-- Whether there are events of transactions that this server has not reached
-- yet. They came with a dump from another server; the feed and the live stream,
-- which go by transaction numbers, show them only once this server has reached
-- their numbers.
-- returns: ahead
SELECT EXISTS (SELECT FROM events WHERE tx > pg_snapshot_xmax(pg_current_snapshot())) AS ahead
