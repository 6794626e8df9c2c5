/* The partitions job, after weeks without a worker and while events come. */
#include "t.h"

#include <libpq-fe.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "jobs.h"

enum {
	ROWS = 300000,
	IDS = 100000
};

/* Between this process and its children. */
struct shared {
	volatile int stop;
	volatile int inserted; /* of ids, all acknowledged */
	volatile int errors, missed, looked_up;
	volatile int64_t longest_ms;
	char ids[IDS][40];
};

static const char *url;
static struct shared *shared;
static struct config config;

static int
make_database(void **state)
{
	(void)state;
	url = t_database();
	config = (struct config){ .partitions_ahead = 4 };
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return shared == MAP_FAILED;
}

static int
drop_database(void **state)
{
	(void)state;
	munmap(shared, sizeof(*shared));
	t_drop(url);
	return 0;
}

/* No partition of the weeks from `first` to `last`, 0 being this one. */
static void
forget(int first, int last)
{
	t_exec(url,
	    "DO $$ DECLARE t text; BEGIN FOR t IN"
	    " SELECT to_char((now() + w * interval '168 hours')"
	    "   AT TIME ZONE 'UTC', '\"events_\"IYYY\"w\"IW')"
	    "  FROM generate_series(%d, %d) AS w"
	    " LOOP EXECUTE format('DROP TABLE IF EXISTS %%I', t);"
	    " END LOOP; END $$",
	    first, last);
}

/* Events of the weeks until now, evenly; `weeks` may be negative. */
static void
put(int rows, int weeks)
{
	t_exec(url,
	    "INSERT INTO events (id, service, timestamp, payload)"
	    " SELECT overlay(uuid_v7_floor(now() - n * interval '1 week' * %d"
	    "  / %d)::text PLACING lpad(to_hex(n), 12, '0') FROM 25)::uuid,"
	    "  'x', now(), '{\"type\":\"a reading of no interest\"}'"
	    " FROM generate_series(0, %d) AS n",
	    weeks, rows, rows - 1);
}

static long long
rows_of(const char *table)
{
	return t_number(url, "SELECT count(*) FROM %s", table);
}

/* --- the job --- */

static enum turn
run_job(struct db *db)
{
	struct worker w = { .config = &config, .db = db };
	struct job jobs[JOBS];
	int i;

	jobs_init(jobs);
	for (i = 0; i < JOBS; i++)
		if (strcmp(jobs[i].name, "partitions") == 0)
			return jobs[i].run(&w);
	fail_msg("there is no such job");
	return TURN_RETRY;
}

/* Until it rests; how often it was run. */
static int
run_to_the_end(int64_t *longest_ms)
{
	struct db *db = db_new(url, "partitions", 30000);
	enum turn turn;
	int runs = 0;

	*longest_ms = 0;
	assert_int_equal(db_connect(db), STATUS_OK);
	do {
		int64_t began = clock_steady_ms(), took;

		turn = run_job(db);
		took = clock_steady_ms() - began;
		if (took > *longest_ms)
			*longest_ms = took;
		runs++;
	} while (turn == TURN_AGAIN && runs < 10000);
	db_free(db);
	assert_int_equal(turn, TURN_REST);
	return runs;
}

/* As the minutes pass: an autovacuum may be in the way for a while. */
static int
run_until_drained(int64_t *longest_ms)
{
	int64_t deadline = clock_steady_ms() + 60000, longest;
	int runs = 0;

	*longest_ms = 0;
	do {
		runs += run_to_the_end(&longest);
		if (longest > *longest_ms)
			*longest_ms = longest;
	} while (rows_of("events_default") > 0 && clock_steady_ms() < deadline);
	return runs;
}

static void
expect_all_in_their_weeks(long long rows)
{
	assert_int_equal(rows_of("events_default"), 0);
	assert_int_equal(rows_of("events"), rows);
	assert_int_equal(
	    t_number(url, "SELECT count(DISTINCT id) FROM events"), rows);
	assert_int_equal(t_number(url,
			     "SELECT count(*) FROM events WHERE"
			     " tableoid::regclass::text <> to_char("
			     " uuid_v7_week(id) AT TIME ZONE 'UTC',"
			     " '\"events_\"IYYY\"w\"IW')"),
	    0);
	assert_int_equal(t_number(url,
			     "SELECT count(*) FROM pg_class WHERE relname ="
			     " 'events_staged'"),
	    0);
}

/* --- those who ingest and read meanwhile --- */

static PGresult *
prepared(PGconn *conn, const char *sql)
{
	PQclear(PQexec(conn, "SET statement_timeout = '2s'"));
	return PQprepare(conn, "s", sql, 0, NULL);
}

static void
insert(PGconn *conn)
{
	int64_t began = clock_steady_ms(), took;
	PGresult *r = PQexecPrepared(conn, "s", 0, NULL, NULL, NULL, 0);

	took = clock_steady_ms() - began;
	if (took > shared->longest_ms)
		shared->longest_ms = took;
	if (PQresultStatus(r) == PGRES_TUPLES_OK) {
		strcpy(shared->ids[shared->inserted], PQgetvalue(r, 0, 0));
		shared->inserted++;
	} else {
		shared->errors++;
	}
	PQclear(r);
}

static void
look_up(PGconn *conn, const char *id)
{
	PGresult *r = PQexecPrepared(conn, "s", 1, &id, NULL, NULL, 0);

	if (PQresultStatus(r) != PGRES_TUPLES_OK)
		shared->errors++;
	else if (PQntuples(r) != 1)
		shared->missed++;
	shared->looked_up++;
	PQclear(r);
}

static void
ingest(void)
{
	PGconn *conn = PQconnectdb(url);

	PQclear(prepared(conn,
	    "INSERT INTO events (id, service, timestamp, payload)"
	    " VALUES (overlay(gen_random_uuid()::text PLACING left("
	    "  uuid_v7_floor(clock_timestamp())::text, 14) FROM 1)::uuid,"
	    "  'x', now(), '{}') RETURNING id"));
	while (!shared->stop && shared->inserted < IDS)
		insert(conn);
	PQfinish(conn);
}

/* The newest one, and any other. */
static void
read_all(void)
{
	PGconn *conn = PQconnectdb(url);
	unsigned seed = 1;
	int n;

	PQclear(prepared(conn, "SELECT id FROM events WHERE id = $1::uuid"));
	while (!shared->stop) {
		if ((n = shared->inserted) == 0)
			continue;
		look_up(conn, shared->ids[n - 1]);
		look_up(conn, shared->ids[rand_r(&seed) % n]);
	}
	PQfinish(conn);
}

static pid_t
start(void (*work)(void))
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	work();
	_exit(0);
}

static void
end(const pid_t pids[], int n)
{
	int i;

	shared->stop = 1;
	for (i = 0; i < n; i++)
		waitpid(pids[i], NULL, 0);
}

/* The old ones too are to be found while they move. */
static void
share_some_ids(int every)
{
	PGconn *conn = PQconnectdb(url);
	char sql[128];
	PGresult *r;
	int i;

	snprintf(sql, sizeof(sql),
	    "SELECT id FROM (SELECT id, row_number() OVER () AS n"
	    " FROM events) AS x WHERE n %% %d = 0",
	    every);
	r = PQexec(conn, sql);
	for (i = 0; i < PQntuples(r); i++)
		strcpy(shared->ids[i], PQgetvalue(r, i, 0));
	shared->inserted = i;
	PQclear(r);
	PQfinish(conn);
}

static void
partitions__away_for_weeks__nothing_stalls_vanishes_or_is_lost(void **state)
{
	const char *many = getenv("TEST_ROWS"); /* for measurements */
	int rows = many != NULL ? atoi(many) : ROWS, old, runs;
	int64_t longest_ms;
	pid_t pids[3];

	(void)state;
	forget(0, 4);
	put(rows, 5);
	share_some_ids(rows / 1000);
	old = shared->inserted;
	pids[0] = start(ingest);
	pids[1] = start(read_all);
	pids[2] = start(read_all);
	runs = run_until_drained(&longest_ms);
	end(pids, 3);
	print_message("%d runs, the longest %d ms; %d inserts, the longest"
		      " %d ms; %d lookups\n",
	    runs, (int)longest_ms, shared->inserted - old,
	    (int)shared->longest_ms, shared->looked_up);
	assert_in_range(longest_ms, 0, 9999);
	assert_in_range(shared->longest_ms, 0, 4999);
	assert_int_equal(shared->errors, 0);
	assert_int_equal(shared->missed, 0);
	assert_true(shared->inserted > old && shared->looked_up > 0);
	expect_all_in_their_weeks(rows + shared->inserted - old);
}

static void
partitions__weeks_before_this_one__get_theirs_too(void **state)
{
	int64_t longest_ms;

	(void)state;
	put(3000, 10); /* this week has its partition */
	assert_true(rows_of("events_default") > 2000);
	run_until_drained(&longest_ms);
	expect_all_in_their_weeks(3000);
	assert_int_equal(
	    t_number(url, "SELECT count(DISTINCT tableoid) FROM events"), 11);
}

static void
partitions__gap_between_weeks__filled(void **state)
{
	int64_t longest_ms;

	(void)state;
	forget(1, 2);
	put(400, -4);
	run_until_drained(&longest_ms);
	expect_all_in_their_weeks(400);
}

static void
partitions__beyond_the_last__moved_when_seen(void **state)
{
	int64_t longest_ms;

	(void)state;
	put(900, -9);
	run_until_drained(&longest_ms);
	expect_all_in_their_weeks(900);
}

static void
partitions__nothing_to_do__rests(void **state)
{
	int64_t longest_ms;

	(void)state;
	assert_int_equal(run_to_the_end(&longest_ms), 1);
	config.partitions_ahead = 6;
	assert_int_equal(run_to_the_end(&longest_ms), 3);
	assert_int_equal(run_to_the_end(&longest_ms), 1);
}

static void
partitions__ten_years_ahead__a_little_each_call(void **state)
{
	int64_t longest_ms;

	(void)state;
	config.partitions_ahead = 520;
	assert_in_range(run_to_the_end(&longest_ms), 2, 517);
	assert_in_range(longest_ms, 0, 9999);
	assert_int_equal(t_number(url,
			     "SELECT count(*) FROM pg_inherits"
			     " WHERE inhparent = 'events'::regclass"),
	    522);
}

/* --- others in the way --- */

static void
work(void)
{
	struct db *db = db_new(url, "other", 3000);

	while (!shared->stop)
		if (run_job(db) == TURN_RETRY)
			shared->errors++;
	db_free(db);
}

static void
partitions__two_workers_at_once__once_each(void **state)
{
	pid_t pids[2];
	int64_t deadline = clock_steady_ms() + 60000;

	(void)state;
	forget(0, 4);
	put(20000, 3);
	pids[0] = start(work);
	pids[1] = start(work);
	while ((rows_of("events_default") > 0 ||
		   t_number(url,
		       "SELECT count(*) FROM pg_inherits"
		       " WHERE inhparent = 'events'::regclass") < 9) &&
	    clock_steady_ms() < deadline)
		;
	end(pids, 2);
	assert_int_equal(shared->errors, 0);
	expect_all_in_their_weeks(20000);
}

static PGconn *
begin(const char *sql)
{
	PGconn *conn = PQconnectdb(url);

	PQclear(PQexec(conn, "BEGIN"));
	PQclear(PQexec(conn, sql));
	return conn;
}

static void
partitions__long_reader__rests_and_takes_its_turn_later(void **state)
{
	PGconn *reader;
	int64_t longest_ms;

	(void)state;
	forget(0, 4);
	put(1000, 1);
	reader = begin("SELECT count(*) FROM events");
	run_to_the_end(&longest_ms);
	assert_in_range(longest_ms, 0, 4999);
	assert_int_equal(rows_of("events_default"), 1000);
	PQfinish(reader);
	run_until_drained(&longest_ms);
	expect_all_in_their_weeks(1000);
}

/* What a transaction wrote before others and commits after them is late. */
static void
partitions__late_commit__not_lost(void **state)
{
	PGconn *writer;
	int64_t longest_ms;

	(void)state;
	forget(0, 4);
	writer = begin("INSERT INTO events (id, service, timestamp, payload)"
		       " VALUES (uuid_v7_floor(now()), 'late', now(), '{}')");
	put(30000, 2);
	run_to_the_end(&longest_ms);
	assert_int_equal(rows_of("events_default"), 30000);
	PQclear(PQexec(writer, "COMMIT"));
	PQfinish(writer);
	run_until_drained(&longest_ms);
	expect_all_in_their_weeks(30001);
}

static void
partitions__snapshot_kept__refused(void **state)
{
	PGconn *conn = begin("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
	PGresult *r = PQexec(conn, "SELECT events_partitions_ensure(4)");

	(void)state;
	assert_int_equal(PQresultStatus(r), PGRES_FATAL_ERROR);
	PQclear(r);
	PQfinish(conn);
}

static void
partitions__database_gone__tried_again_soon(void **state)
{
	struct db *gone =
	    db_new("postgresql:///x?host=/nonexistent", "gone", 500);

	(void)state;
	assert_int_equal(run_job(gone), TURN_RETRY);
	db_free(gone);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_database, drop_database)

static const struct CMUnitTest tests[] = {
	TEST(partitions__away_for_weeks__nothing_stalls_vanishes_or_is_lost),
	TEST(partitions__weeks_before_this_one__get_theirs_too),
	TEST(partitions__gap_between_weeks__filled),
	TEST(partitions__beyond_the_last__moved_when_seen),
	TEST(partitions__nothing_to_do__rests),
	TEST(partitions__ten_years_ahead__a_little_each_call),
	TEST(partitions__two_workers_at_once__once_each),
	TEST(partitions__long_reader__rests_and_takes_its_turn_later),
	TEST(partitions__late_commit__not_lost),
	TEST(partitions__snapshot_kept__refused),
	TEST(partitions__database_gone__tried_again_soon),
};

T_MAIN(tests)
