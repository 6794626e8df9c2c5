/* Partitions are made while others ingest, read, work or hold a snapshot. */
#include "t.h"

#include <libpq-fe.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "jobs.h"
#include "partition_rows.h"

/* --- ingest and reads meanwhile --- */

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
	if (took > partition_shared->longest_ms)
		partition_shared->longest_ms = took;
	if (PQresultStatus(r) == PGRES_TUPLES_OK) {
		strcpy(partition_shared->ids[partition_shared->inserted],
		    PQgetvalue(r, 0, 0));
		partition_shared->inserted++;
	} else {
		partition_shared->errors++;
	}
	PQclear(r);
}

static void
look_up(PGconn *conn, const char *id)
{
	PGresult *r = PQexecPrepared(conn, "s", 1, &id, NULL, NULL, 0);

	if (PQresultStatus(r) != PGRES_TUPLES_OK)
		partition_shared->errors++;
	else if (PQntuples(r) != 1)
		partition_shared->missed++;
	partition_shared->looked_up++;
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
	while (!partition_shared->stop && partition_shared->inserted < IDS)
		insert(conn);
	PQfinish(conn);
}

/* Looks up the newest event and a random one, again and again. */
static void
read_all(void)
{
	PGconn *conn = PQconnectdb(url);
	unsigned seed = 1;
	int n;

	PQclear(prepared(conn, "SELECT id FROM events WHERE id = $1::uuid"));
	while (!partition_shared->stop) {
		if ((n = partition_shared->inserted) == 0)
			continue;
		look_up(conn, partition_shared->ids[n - 1]);
		look_up(conn, partition_shared->ids[rand_r(&seed) % n]);
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

	partition_shared->stop = 1;
	for (i = 0; i < n; i++)
		waitpid(pids[i], NULL, 0);
}

/* Puts the ids of some old events into the memory that the readers share. */
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
		strcpy(partition_shared->ids[i], PQgetvalue(r, i, 0));
	partition_shared->inserted = i;
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
	partition_forget(0, 4);
	partition_put(rows, 5);
	share_some_ids(rows / 1000);
	old = partition_shared->inserted;
	pids[0] = start(ingest);
	pids[1] = start(read_all);
	pids[2] = start(read_all);
	runs = partition_run_until_drained(&longest_ms);
	end(pids, 3);
	print_message("%d runs, the longest %d ms; %d inserts, the longest"
		      " %d ms; %d lookups\n",
	    runs, (int)longest_ms, partition_shared->inserted - old,
	    (int)partition_shared->longest_ms, partition_shared->looked_up);
	assert_in_range(longest_ms, 0, 9999);
	assert_in_range(partition_shared->longest_ms, 0, 4999);
	assert_int_equal(partition_shared->errors, 0);
	assert_int_equal(partition_shared->missed, 0);
	assert_true(partition_shared->inserted > old &&
	    partition_shared->looked_up > 0);
	partition_expect_all_moved(rows + partition_shared->inserted - old);
}

/* --- other sessions in the way --- */

static void
work(void)
{
	struct db *db = db_new(url, "other", 3000);

	while (!partition_shared->stop)
		if (partition_run_job(db) == TURN_RETRY)
			partition_shared->errors++;
	db_free(db);
}

static void
partitions__two_workers_at_once__once_each(void **state)
{
	pid_t pids[2];
	int64_t deadline = clock_steady_ms() + 60000;

	(void)state;
	partition_forget(0, 4);
	partition_put(20000, 3);
	pids[0] = start(work);
	pids[1] = start(work);
	while ((partition_rows_of("events_default") > 0 ||
		   t_number(url,
		       "SELECT count(*) FROM pg_inherits"
		       " WHERE inhparent = 'events'::regclass") < 9) &&
	    clock_steady_ms() < deadline)
		;
	end(pids, 2);
	assert_int_equal(partition_shared->errors, 0);
	partition_expect_all_moved(20000);
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
	partition_forget(0, 4);
	partition_put(1000, 1);
	reader = begin("SELECT count(*) FROM events");
	partition_run_to_the_end(&longest_ms);
	assert_in_range(longest_ms, 0, 4999);
	assert_int_equal(partition_rows_of("events_default"), 1000);
	PQfinish(reader);
	partition_run_until_drained(&longest_ms);
	partition_expect_all_moved(1000);
}

/* A transaction writes before the others and commits after them. */
static void
partitions__late_commit__not_lost(void **state)
{
	PGconn *writer;
	int64_t longest_ms;

	(void)state;
	partition_forget(0, 4);
	writer = begin("INSERT INTO events (id, service, timestamp, payload)"
		       " VALUES (uuid_v7_floor(now()), 'late', now(), '{}')");
	partition_put(30000, 2);
	partition_run_to_the_end(&longest_ms);
	assert_int_equal(partition_rows_of("events_default"), 30000);
	PQclear(PQexec(writer, "COMMIT"));
	PQfinish(writer);
	partition_run_until_drained(&longest_ms);
	partition_expect_all_moved(30001);
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
	assert_int_equal(partition_run_job(gone), TURN_RETRY);
	db_free(gone);
}

static const struct CMUnitTest tests[] = {
	TEST(partitions__away_for_weeks__nothing_stalls_vanishes_or_is_lost),
	TEST(partitions__two_workers_at_once__once_each),
	TEST(partitions__long_reader__rests_and_takes_its_turn_later),
	TEST(partitions__late_commit__not_lost),
	TEST(partitions__snapshot_kept__refused),
	TEST(partitions__database_gone__tried_again_soon),
};

T_MAIN(tests)
