-- Deletes old messages, at most 5000, with their deliveries and attempts:
-- messages older than $1 days that have no waiting delivery, and whose failed
-- and expired deliveries ended more than $2 days ago. Returns how many messages
-- were deleted, and the last one that was looked at (NULL: there are no more).
-- The next call gets its id as $3 and continues after it; otherwise messages
-- that stay would be looked at first each time. A call looks at 10,000 messages
-- at most. Times in the future come from a wrong clock: such a message counts
-- as old, and a delivery that ended then is as old as its message.
--
-- Written with a subquery and arrays rather than joins, so that no statistics
-- can lead the planner to read whole tables. A delivery that is being replayed
-- is locked or no longer settled, and so keeps its message.
-- takes: delivered_days failed_days after
-- returns: gone last
WITH looked AS (
    SELECT id
      FROM ((SELECT id
               FROM outbox_messages
              WHERE id < uuid_v7_floor(greatest(now() - $1::float8 * interval '1 day', 'epoch'))
                AND id > $3::uuid
              ORDER BY id
              LIMIT 10000)
             UNION ALL
            -- If the time in the id is in the future, created_at tells the age.
            (SELECT id
               FROM outbox_messages
              WHERE id > greatest($3::uuid, uuid_v7_floor(now() + interval '1 day'))
                AND (created_at < now() - $1::float8 * interval '1 day'
                     OR created_at > now() + interval '1 minute')
              ORDER BY id
              LIMIT 10000)) AS x
     ORDER BY id
     LIMIT 10000
), old AS (
    SELECT m.id
      FROM outbox_messages AS m
     WHERE m.id = ANY (ARRAY(SELECT id FROM looked))
       AND coalesce((SELECT bool_and(d.status = 'delivered'
                                     OR d.status IN ('failed', 'expired')
                                     AND CASE WHEN d.settled_at <= now() + interval '1 minute'
                                              THEN d.settled_at < now() - $2::float8 * interval '1 day'
                                              ELSE m.id < uuid_v7_floor(greatest(
                                                   now() - $2::float8 * interval '1 day', 'epoch')) END)
                       FROM deliveries AS d
                      WHERE d.message_id = m.id), true)
     ORDER BY m.id
     LIMIT 5000
       FOR UPDATE SKIP LOCKED
), settled AS (
    SELECT d.message_id, d.subscription_id
      FROM deliveries AS d
     WHERE d.message_id = ANY (ARRAY(SELECT id FROM old))
       AND d.status IN ('delivered', 'failed', 'expired')
       FOR UPDATE SKIP LOCKED
), kept AS (
    SELECT d.message_id, d.subscription_id
      FROM deliveries AS d
     WHERE d.message_id = ANY (ARRAY(SELECT id FROM old))
    EXCEPT
    SELECT * FROM settled
), gone AS (
    SELECT id FROM old EXCEPT SELECT message_id FROM kept
), attempts AS (
    DELETE FROM delivery_attempts WHERE message_id = ANY (ARRAY(SELECT id FROM gone))
), deliveries AS (
    DELETE FROM deliveries WHERE message_id = ANY (ARRAY(SELECT id FROM gone))
), messages AS (
    DELETE FROM outbox_messages WHERE id = ANY (ARRAY(SELECT id FROM gone)) RETURNING id
)
SELECT (SELECT count(*) FROM messages) AS gone,
       CASE WHEN (SELECT count(*) FROM old) = 5000 THEN (SELECT max(id::text) FROM old)
            WHEN (SELECT count(*) FROM looked) = 10000 THEN (SELECT max(id::text) FROM looked) END AS last
