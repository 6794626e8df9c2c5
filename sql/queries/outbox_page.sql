-- A page of messages, newest first; a filter that is NULL is not applied.
-- Planned anew for each call: the planner then knows that all but one of the
-- three searches are empty, and that one uses deliveries_dead_idx,
-- deliveries_due_idx or a primary key, depending on the state.
--
-- The cursor is exclusive; `since` is the least id. A message passes the state
-- filter if one of its deliveries (the one to the subscription, if that is
-- given) has this state; unclaimed: the message has no delivery. The page has
-- the first message, and the next ones as long as all fit into 8 MiB; `more`,
-- in the last row: this bound has cut the page off.
-- takes: cursor limit since topic state subscription_id
-- returns: id message more
WITH found AS (
    (SELECT m.id
       FROM outbox_messages AS m
      WHERE $5::text IS NULL AND $6::uuid IS NULL
        AND m.id < $1::uuid AND ($3::uuid IS NULL OR m.id >= $3::uuid)
        AND ($4::text IS NULL OR m.topic = $4::text)
      ORDER BY m.id DESC LIMIT $2::int)
    UNION ALL
    (SELECT m.id
       FROM outbox_messages AS m
      WHERE $5::text = 'unclaimed' AND $6::uuid IS NULL
        AND m.id < $1::uuid AND ($3::uuid IS NULL OR m.id >= $3::uuid)
        AND ($4::text IS NULL OR m.topic = $4::text)
        AND NOT EXISTS (SELECT FROM deliveries AS d WHERE d.message_id = m.id)
      ORDER BY m.id DESC LIMIT $2::int)
    UNION ALL
    (SELECT d.message_id
       FROM deliveries AS d
       JOIN outbox_messages AS m ON m.id = d.message_id
       LEFT JOIN subscriptions AS s ON s.id = d.subscription_id
      WHERE ($5::text <> 'unclaimed' OR $5::text IS NULL AND $6::uuid IS NOT NULL)
        AND CASE WHEN $5::text IS NULL THEN true
                 WHEN $5::text = 'held' THEN d.status IN ('pending', 'retrying')
                 ELSE d.status = $5::text END
        AND (($5::text IN ('pending', 'retrying', 'held')) IS NOT TRUE
             OR delivery_state(d, s, now()) = $5::text)
        AND ($6::uuid IS NULL OR d.subscription_id = $6::uuid)
        AND d.message_id < $1::uuid AND ($3::uuid IS NULL OR d.message_id >= $3::uuid)
        AND ($4::text IS NULL OR m.topic = $4::text)
      GROUP BY d.message_id
      ORDER BY d.message_id DESC LIMIT $2::int)
), listed AS MATERIALIZED (
SELECT id, row_to_json(x)::text AS message
  FROM (SELECT m.id, m.topic, m.source, m.subject, m.causation_id, rfc3339(m.occurred_at) AS time,
               rfc3339(m.created_at) AS created_at,
               message_status(ARRAY(
                   SELECT delivery_state(d, s, now())
                     FROM deliveries AS d LEFT JOIN subscriptions AS s ON s.id = d.subscription_id
                    WHERE d.message_id = m.id)) AS status,
               ARRAY(
                   SELECT row_to_json(y)
                     FROM (SELECT d.subscription_id, s.url, delivery_state(d, s, now()) AS status, d.attempts,
                                  CASE WHEN d.settled_at IS NULL THEN rfc3339(d.next_attempt_at) END
                                  AS next_attempt_at,
                                  rfc3339(d.settled_at) AS settled_at, delivery_error(d) AS last_error
                             FROM deliveries AS d LEFT JOIN subscriptions AS s ON s.id = d.subscription_id
                            WHERE d.message_id = m.id
                            ORDER BY d.subscription_id) AS y) AS deliveries
          FROM found JOIN outbox_messages AS m USING (id)) AS x
), added AS (
    SELECT *, sum(octet_length(message)) OVER w AS total, lead(true) OVER w AS more
      FROM listed
    WINDOW w AS (ORDER BY id DESC ROWS UNBOUNDED PRECEDING)
)
SELECT id, message, more
  FROM added
 WHERE total <= 8388608 OR total = octet_length(message)
 ORDER BY id DESC
