/* The migrations: down to nothing and up again, each verified by sqitch. */
#include "t.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "stack.h"

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

/* In a session that has events until there is a table `released`. */
static void *
hold_events(void *arg)
{
	t_exec(url,
	    "DO $$ BEGIN LOCK TABLE events;"
	    " WHILE NOT EXISTS (SELECT FROM pg_class WHERE relname ="
	    "  'released') LOOP"
	    "  PERFORM pg_sleep(0.1); END LOOP; END $$");
	return arg;
}

static bool
is_held(void *arg)
{
	(void)arg;
	return t_number(url,
		   "SELECT count(*) FROM pg_locks WHERE granted"
		   " AND mode = 'AccessExclusiveLock'"
		   " AND relation = 'events'::regclass") > 0;
}

static void *
deploy(void *arg)
{
	char line[256];

	snprintf(line, sizeof(line), "%s >${TMPDIR:-/tmp}/progress 2>&1",
	    (const char *)arg);
	return (void *)(intptr_t)system(line);
}

static bool
is_shown(void *arg)
{
	char line[256];

	snprintf(line, sizeof(line), "grep -q '%s' ${TMPDIR:-/tmp}/progress",
	    (const char *)arg);
	return system(line) == 0;
}

static bool
is_waiting(void *arg)
{
	(void)arg;
	return t_number(url,
		   "SELECT count(*) FROM pg_stat_activity"
		   " WHERE application_name = 'smartcity-migrate'"
		   " AND datname = current_database() AND state = 'active'"
		   " AND query_start < now() - interval '3 s'") > 0;
}

/* Deploys while another session holds the table until `until` holds. */
static void
deploy_held(char *command, bool (*until)(void *), char *arg)
{
	pthread_t holder, deployer;
	void *status;

	while (columns() > 0)
		assert_int_equal(migrate("down"), 0);
	assert_int_equal(pthread_create(&holder, NULL, hold_events, NULL), 0);
	stack_wait(is_held, NULL, "events is locked");
	assert_int_equal(pthread_create(&deployer, NULL, deploy, command), 0);
	stack_wait(until, arg, "the deployment waits");
	t_exec(url, "CREATE TABLE released ()");
	assert_int_equal(pthread_join(holder, NULL), 0);
	assert_int_equal(pthread_join(deployer, &status), 0);
	t_exec(url, "DROP TABLE released");
	assert_null(status);
	assert_true(is_shown("request_id \\.* "));
	assert_int_equal(columns(), 1);
}

static void
migrations__long_one__progress_on_a_terminal_alone(void **state)
{
	(void)state;
	deploy_held("script -qec 'sql/migrate deploy' /dev/null", is_shown,
	    "[0-9] s: ");
	deploy_held("sql/migrate deploy", is_waiting, NULL);
	assert_false(is_shown("[0-9] s: "));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(migrations__all_reverted__nothing_of_ours_is_left),
	cmocka_unit_test(migrations__deployed_again__verified),
	cmocka_unit_test(migrations__long_one__progress_on_a_terminal_alone),
	cmocka_unit_test(
	    migrations__request_id_while_events_are_copied__both_have_it),
};

T_MAIN_WITH(tests, setup, teardown)
