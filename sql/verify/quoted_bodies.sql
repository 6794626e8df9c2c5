-- Verify smartcity:quoted_bodies on pg

BEGIN;

SELECT 1 / (count(*) = 2)::int FROM pg_proc
 WHERE oid IN ('subscription_json(subscriptions, timestamptz)'::regprocedure,
               'delivery_state(deliveries, subscriptions, timestamptz)'::regprocedure)
   AND prosqlbody IS NULL;

ROLLBACK;
