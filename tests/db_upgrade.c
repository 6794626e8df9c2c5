/* The next release's migrations, beside those who read and write. */
#include "t.h"

#include <libpq-fe.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "store.h"

static const char *url;
static char next[] = "/tmp/smartcity-test.XXXXXX";

static int
setup(void **state)
{
	char line[128];

	(void)state;
	url = t_database();
	assert_non_null(mkdtemp(next));
	snprintf(line, sizeof(line), "tests/next-schema %s/sql", next);
	return system(line);
}

static int
teardown(void **state)
{
	char line[128];

	(void)state;
	t_drop(url);
	snprintf(line, sizeof(line), "rm -r %s", next);
	return system(line);
}

/* Runs DIR/sql/migrate, its output in DIR/log. */
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

/* How long an ingest took that must not fail, in ms. */
static int64_t
insert(struct db *db)
{
	struct event event = { .id = id_new(),
		.service = "load",
		.payload = "{}",
		.normalised = "{}",
		.findings = "[]" };
	struct receipt receipt = { 0 };
	int64_t begin = clock_steady_ms();

	assert_int_equal(store_event(db, &event, &receipt), STATUS_OK);
	return clock_steady_ms() - begin;
}

static int
tries(void)
{
	char line[128];
	int n;
	FILE *p;

	snprintf(line, sizeof(line),
	    "grep -c 'waiting for a lock; the oldest transaction: pid ' %s/log",
	    next);
	p = popen(line, "r");
	assert_non_null(p);
	assert_int_equal(fscanf(p, "%d", &n), 1);
	pclose(p);
	return n;
}

/* A backup, say: it reads events for as long as it likes. */
static void
migrations__behind_a_long_reader__no_ingest_waits_for_them(void **state)
{
	struct db *db = db_new(url, "test", 3000);
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
	cmocka_unit_test(
	    migrations__behind_a_long_reader__no_ingest_waits_for_them),
	cmocka_unit_test(migrations__index_built_by_partition__one_valid_index),
	cmocka_unit_test(migrations__taken_back__those_before_stay),
	cmocka_unit_test(
	    migrations__one_fails__it_says_so_and_those_before_stay),
};

T_MAIN_WITH(tests, setup, teardown)
