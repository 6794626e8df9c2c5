-- Are there events of transactions that this server has not come to yet? Then
-- they came with a dump from another one, and feed and live stream, which go by
-- these numbers, show them only when it has.
-- returns: ahead
SELECT EXISTS (SELECT FROM events WHERE tx > pg_snapshot_xmax(pg_current_snapshot())) AS ahead
