/* The migrations: down to nothing and up again, each verified by sqitch. */
#include "t.h"

#include <string.h>

static const char *url;

static int
setup(void **state)
{
	(void)state;
	url = t_database();
	return url == NULL;
}

static int
teardown(void **state)
{
	(void)state;
	t_drop(url);
	return 0;
}

static int
migrate(const char *command)
{
	char line[256];

	setenv("DATABASE_URL", url, 1);
	snprintf(line, sizeof(line), "sql/migrate %s >/dev/null 2>&1", command);
	return system(line);
}

static void
migrations__all_reverted__nothing_of_ours_is_left(void **state)
{
	(void)state;
	while (t_number(url, "SELECT count(*) FROM sqitch.changes") > 0)
		assert_int_equal(migrate("down"), 0);
	assert_int_equal(
	    t_number(url,
		"SELECT count(*) FROM pg_class c JOIN pg_namespace n "
		"ON n.oid = c.relnamespace WHERE n.nspname = 'public'"),
	    0);
	assert_int_equal(
	    t_number(url,
		"SELECT count(*) FROM pg_proc p JOIN pg_namespace n "
		"ON n.oid = p.pronamespace WHERE n.nspname = 'public'"),
	    0);
}

static void
migrations__deployed_again__verified(void **state)
{
	(void)state;
	assert_int_equal(migrate("deploy"), 0);
	assert_int_equal(migrate("status"), 0);
	assert_int_equal(migrate("history"), 0);
	assert_int_equal(migrate("deploy"), 0);
	assert_int_equal(t_number(url, "SELECT count(*) FROM events"), 0);
}

static long long
columns(void)
{
	return t_number(url,
	    "SELECT count(*) FROM pg_attribute WHERE attname = 'request_id'"
	    " AND attrelid IN (to_regclass('events_default'),"
	    "                  to_regclass('events_staged'))");
}

/* What the worker is copying gets the column as well, or it could not go on. */
static void
migrations__request_id_while_events_are_copied__both_have_it(void **state)
{
	(void)state;
	while (columns() > 0)
		assert_int_equal(migrate("down"), 0);
	t_exec(url,
	    "CREATE TABLE events_staged (LIKE events INCLUDING DEFAULTS"
	    " INCLUDING INDEXES) PARTITION BY RANGE (id);"
	    "INSERT INTO events (id, service, \"timestamp\", payload) VALUES"
	    " ('01800000-0000-7000-8000-000000000000', 's', now(), '{}')");
	assert_int_equal(migrate("deploy"), 0);
	assert_int_equal(columns(), 2);
	while (t_number(url, "SELECT events_partitions_ensure(1)") > 0)
		;
	assert_int_equal(
	    t_number(url, "SELECT count(*) FROM events_default"), 0);
	assert_int_equal(t_number(url, "SELECT count(*) FROM events"), 1);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(migrations__all_reverted__nothing_of_ours_is_left),
	cmocka_unit_test(migrations__deployed_again__verified),
	cmocka_unit_test(
	    migrations__request_id_while_events_are_copied__both_have_it),
};

T_MAIN_WITH(tests, setup, teardown)
