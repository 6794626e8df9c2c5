-- What time it is here, and the oldest transaction that may still write, in any
-- database of the cluster, where others have ended since: feed and live stream
-- show nothing that is newer. Once it is the one that was seen before, $1, also
-- for how long it has been open, in seconds, and whose it is. Any role may see
-- who holds the lock on its number; the rest of it may be hidden (NULL).
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
