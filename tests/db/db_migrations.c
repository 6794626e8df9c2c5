/*
 * The migrations: all reverted and deployed again, each verified by sqitch; and
 * changes of the next release, deployed while others read and write.
 */
#include "t.h"

#include <libpq-fe.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "database.h"
#include "db.h"
#include "id.h"
#include "stack.h"
#include "store_event.h"

static char next[] = "/tmp/smartcity-test.XXXXXX";

static int
setup(void **state)
{
	char line[128];

	database_make(state);
	assert_non_null(mkdtemp(next));
	snprintf(line, sizeof(line), "tests/next-schema %s/sql", next);
	return system(line);
}

static int
teardown(void **state)
{
	char line[128];

	database_drop(state);
	snprintf(line, sizeof(line), "rm -r %s", next);
	return system(line);
}

static void
migrations__all_reverted__nothing_of_ours_is_left(void **state)
{
	(void)state;
	while (t_number(url, "SELECT count(*) FROM sqitch.changes") > 0)
		assert_int_equal(database_migrate("down"), 0);
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
	assert_int_equal(database_migrate("deploy"), 0);
	assert_int_equal(database_migrate("status"), 0);
	assert_int_equal(database_migrate("history"), 0);
	assert_int_equal(database_migrate("deploy"), 0);
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

/* The tables that the worker copies between must both get the column. */
static void
migrations__request_id_while_events_are_copied__both_have_it(void **state)
{
	(void)state;
	while (columns() > 0)
		assert_int_equal(database_migrate("down"), 0);
	t_exec(url,
	    "CREATE TABLE events_staged (LIKE events INCLUDING DEFAULTS"
	    " INCLUDING INDEXES) PARTITION BY RANGE (id);"
	    "INSERT INTO events (id, service, \"timestamp\", payload) VALUES"
	    " ('01800000-0000-7000-8000-000000000000', 's', now(), '{}')");
	assert_int_equal(database_migrate("deploy"), 0);
	assert_int_equal(columns(), 2);
	while (t_number(url, "SELECT events_partitions_ensure(1)") > 0)
		;
	assert_int_equal(
	    t_number(url, "SELECT count(*) FROM events_default"), 0);
	assert_int_equal(t_number(url, "SELECT count(*) FROM events"), 1);
}

/* Locks events in a session until there is a table `released`. */
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
		assert_int_equal(database_migrate("down"), 0);
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

/* Starts DIR/sql/migrate, with its output in DIR/log. */
static pid_t
start_next(const char *command)
{
	char line[256];
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	setenv("DATABASE_URL", url, 1);
	snprintf(line, sizeof(line), "exec %s/sql/migrate %s >%s/log 2>&1",
	    next, command, next);
	execl("/bin/sh", "sh", "-c", line, (char *)NULL);
	_exit(127);
}

static int
status_of_next(const char *command)
{
	pid_t pid = start_next(command);
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

/* Ingests an event, which must not fail; returns how long it took, in ms. */
static int64_t
insert(struct db *db)
{
	int64_t begin = clock_steady_ms();
	struct event event = store_send_as(db, id_new(), "load", "{}", NULL);

	assert_int_equal(event.end, EVENT_STORED);
	event_free(&event);
	return clock_steady_ms() - begin;
}

static int
tries(void)
{
	char line[128];
	int n;
	FILE *p;

	snprintf(line, sizeof(line),
	    "cat %s/log 2>/dev/null | "
	    "grep -c 'waiting for a lock; the oldest transaction: pid '",
	    next);
	p = popen(line, "r");
	assert_non_null(p);
	assert_int_equal(fscanf(p, "%d", &n), 1);
	pclose(p);
	return n;
}

/* The reader is such as a backup, which reads events for hours. */
static void
migrations__behind_a_long_reader__no_ingest_waits_for_them(void **state)
{
	struct db *db = db_new(url, "test", 30000);
	PGconn *reader = PQconnectdb(url);
	int64_t took, longest = 0;
	int status;
	pid_t pid;

	(void)state;
	insert(db);
	PQclear(PQexec(reader, "BEGIN"));
	PQclear(PQexec(reader, "SELECT count(*) FROM events"));
	pid = start_next("deploy");
	while (tries() < 3) {
		took = insert(db);
		longest = took > longest ? took : longest;
		assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
	}
	PQfinish(reader);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_in_range(longest, 0, 1000);
	assert_int_equal(t_number(url, "SELECT next_answer()"), 42);
	db_free(db);
}

static void
migrations__index_built_by_partition__one_valid_index(void **state)
{
	(void)state;
	assert_int_equal(t_number(url,
			     "SELECT count(*) FROM pg_index WHERE indisvalid "
			     "AND indexrelid = 'next_note_idx'::regclass"),
	    1);
}

/* A program that is rolled back finds the newer schema. */
static void
migrations__deploy_of_the_release_before__nothing_to_do(void **state)
{
	(void)state;
	assert_int_equal(database_migrate("deploy"), 0);
	assert_int_equal(t_number(url, "SELECT next_answer()"), 42);
}

/*
 * PostgreSQL 17 refuses such a column if a function with a RETURN body takes a
 * row of the table.
 */
static void
tables__column_with_a_default__each_takes_it(void **state)
{
	char *functions;

	(void)state;
	functions = t_sql(url,
	    "SELECT string_agg(p.oid::regprocedure::text, ', ') FROM "
	    "pg_proc AS p JOIN pg_type AS t ON "
	    "t.oid = ANY (p.proargtypes) WHERE t.typtype = 'c' AND "
	    "p.prosqlbody IS NOT NULL AND "
	    "p.pronamespace = 'public'::regnamespace");
	assert_string_equal(functions, "");
	free(functions);
	t_exec(url,
	    "DO $$ DECLARE r record; BEGIN FOR r IN SELECT oid FROM pg_class "
	    "WHERE relkind IN ('r', 'p') AND NOT relispartition AND "
	    "relnamespace = 'public'::regnamespace LOOP "
	    "EXECUTE format('ALTER TABLE %%s ADD try int NOT NULL DEFAULT 1', "
	    "r.oid::regclass); "
	    "EXECUTE format('ALTER TABLE %%s DROP try', r.oid::regclass); "
	    "END LOOP; END $$");
}

static void
migrations__taken_back__those_before_stay(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "down --to %s", query_schema());
	assert_int_equal(status_of_next(command), 0);
	assert_int_equal(t_number(url,
			     "SELECT count(*) FROM pg_attribute WHERE "
			     "attname IN ('next_note', 'next_weight')"),
	    0);
	assert_in_range(
	    t_number(url, "SELECT count(*) FROM events"), 2, INT32_MAX);
}

static void
migrations__one_fails__it_says_so_and_those_before_stay(void **state)
{
	char line[256];

	(void)state;
	snprintf(line, sizeof(line),
	    "echo 'SELECT 1/0;' >>"
	    "%s/sql/deploy/next_valid.sql",
	    next);
	assert_int_equal(system(line), 0);
	assert_int_not_equal(status_of_next("deploy"), 0);
	snprintf(line, sizeof(line), "grep -q 'division by zero' %s/log", next);
	assert_int_equal(system(line), 0);
	assert_int_equal(
	    t_number(url,
		"SELECT count(*) FROM sqitch.changes WHERE change IN "
		"('next_columns', 'next_default')"),
	    2);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(migrations__all_reverted__nothing_of_ours_is_left),
	cmocka_unit_test(migrations__deployed_again__verified),
	cmocka_unit_test(tables__column_with_a_default__each_takes_it),
	cmocka_unit_test(migrations__long_one__progress_on_a_terminal_alone),
	cmocka_unit_test(
	    migrations__request_id_while_events_are_copied__both_have_it),
	cmocka_unit_test(
	    migrations__behind_a_long_reader__no_ingest_waits_for_them),
	cmocka_unit_test(migrations__index_built_by_partition__one_valid_index),
	cmocka_unit_test(
	    migrations__deploy_of_the_release_before__nothing_to_do),
	cmocka_unit_test(migrations__taken_back__those_before_stay),
	cmocka_unit_test(
	    migrations__one_fails__it_says_so_and_those_before_stay),
};

T_MAIN_WITH(tests, setup, teardown)
