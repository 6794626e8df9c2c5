/*
 * The indexes for the filters of GET /events, deployed on a database with
 * partitions.
 */
#include "t.h"

#include "database.h"

/* What the worker copies to becomes partitions, for which nobody is to wait. */
static void
migrations__indexes_while_events_are_copied__each_partition_one(void **state)
{
	(void)state;
	while (t_number(url,
		   "SELECT count(*) FROM pg_class WHERE relname ="
		   " 'events_derived_idx'") > 0)
		assert_int_equal(database_migrate("down"), 0);
	t_exec(url,
	    "CREATE TABLE events_staged (LIKE events INCLUDING DEFAULTS"
	    " INCLUDING INDEXES) PARTITION BY RANGE (id);"
	    "SELECT events_partition_create('events_staged', '2020-01-06Z');"
	    "INSERT INTO events (id, service, \"timestamp\", payload) VALUES"
	    " (uuid_v7_floor('2020-01-07Z'), 's', now(), '{}'),"
	    " (uuid_v7_floor('2020-01-17Z'), 's', now(), '{}')");
	assert_int_equal(database_migrate("deploy"), 0);
	while (t_number(url, "SELECT events_partitions_ensure(9)") > 0)
		;
	assert_int_equal(
	    t_number(url, "SELECT count(*) FROM events_default"), 0);
	t_expect(url, "t",
	    "SELECT count(*) = 3 * (SELECT count(*) FROM pg_inherits"
	    "  WHERE inhparent = 'events'::regclass)"
	    " AND bool_and(indisvalid)"
	    " AND count(*) FILTER (WHERE x.inhrelid IS NOT NULL) = count(*)"
	    " FROM pg_index AS i LEFT JOIN pg_inherits AS x"
	    "  ON x.inhrelid = i.indexrelid WHERE indpred IS NOT NULL"
	    " AND indrelid IN (SELECT inhrelid FROM pg_inherits WHERE"
	    "  inhparent = 'events'::regclass)"
	    " AND pg_get_indexdef(i.indexrelid) ~ "
	    "  '(\\(id\\)|\\(service, id\\)|\"timestamp\", id\\)) WHERE'");
	t_exec(url, "DELETE FROM events");
}

static void
migrations__an_attempt_that_failed__made_good(void **state)
{
	(void)state;
	while (t_number(url,
		   "SELECT count(*) FROM pg_class WHERE relname ="
		   " 'events_derived_idx'") > 0)
		assert_int_equal(database_migrate("down"), 0);
	/* As CREATE INDEX CONCURRENTLY leaves it when it is interrupted. */
	t_exec(url,
	    "CREATE INDEX events_derived_idx ON ONLY events (id)"
	    " WHERE source_event_id IS NOT NULL;"
	    "CREATE INDEX events_default_derived_idx ON events_default (id)"
	    " WHERE source_event_id IS NOT NULL;"
	    "UPDATE pg_index SET indisvalid = false WHERE indexrelid ="
	    " 'events_default_derived_idx'::regclass");
	assert_int_equal(database_migrate("deploy"), 0);
	t_expect(url, "t",
	    "SELECT bool_and(indisvalid) FROM pg_index"
	    " WHERE indrelid::regclass::text LIKE 'events%'");
	assert_int_equal(database_migrate("down"), 0);
	assert_int_equal(database_migrate("deploy"), 0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(
	    migrations__indexes_while_events_are_copied__each_partition_one),
	cmocka_unit_test(migrations__an_attempt_that_failed__made_good),
};

T_MAIN_WITH(tests, database_make, database_drop)
