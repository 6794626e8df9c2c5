-- The database's time, and the oldest transaction, in any database of the
-- cluster, that can still write although later ones have ended: the feed and
-- the live stream show nothing newer. If this is still the transaction $1,
-- which an earlier call returned, also for how many seconds it has been open
-- and whose it is. Every role can see which process holds the lock on a
-- transaction's number; the other columns can be hidden (NULL).
-- takes: tx
-- returns: now tx age whose
WITH oldest AS (
    SELECT pg_snapshot_xmin(s) AS tx
      FROM pg_current_snapshot() AS s
     WHERE pg_snapshot_xmin(s) < pg_snapshot_xmax(s)
)
SELECT extract(epoch FROM now()) AS now, oldest.tx, holder.age, holder.whose
  FROM (SELECT) AS one
  LEFT JOIN oldest ON true
  LEFT JOIN LATERAL (
    SELECT extract(epoch FROM clock_timestamp() - p.prepared) AS age,
           format('prepared transaction %L of %s in database %s', p.gid, p.owner, p.database) AS whose
      FROM pg_prepared_xacts AS p
     WHERE p.transaction = oldest.tx::xid AND oldest.tx::text = $1::text
     UNION ALL
    SELECT extract(epoch FROM clock_timestamp() - a.xact_start),
           format('transaction %s of %s in database %s (%s)', oldest.tx, coalesce(a.usename, a.backend_type, 'a hidden role'),
                  coalesce(a.datname, '?'),
                  concat_ws(', ', 'pid ' || l.pid, nullif(a.application_name, ''),
                            coalesce(a.state, 'its state is hidden: grant pg_read_all_stats')))
      FROM pg_locks AS l LEFT JOIN pg_stat_activity AS a ON a.pid = l.pid
     WHERE l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock' AND l.granted AND l.pid IS NOT NULL
       AND l.transactionid = oldest.tx::xid AND oldest.tx::text = $1::text
     LIMIT 1) AS holder ON true
