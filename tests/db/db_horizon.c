/*
 * Reports which transaction holds back feed and live stream, and for how long.
 */
#include "t.h"

#include <libpq-fe.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "one_job.h"
#include "route.h"

static const char *url, *elsewhere; /* two databases of one cluster */
static struct db *db;
static struct worker w;
static int64_t ahead_us; /* of clock_wall_us(), ahead of the real clock */

int64_t
clock_wall_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t
clock_steady_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return ahead_us + (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t
clock_steady_ms(void)
{
	return clock_steady_us() / 1000;
}

static int
open_databases(void **state)
{
	(void)state;
	url = t_database();
	elsewhere = t_database();
	db = db_new(url, "test", 30000);
	return db == NULL;
}

static int
close_databases(void **state)
{
	(void)state;
	db_free(db);
	t_drop(elsewhere);
	t_drop(url);
	return 0;
}

static int
begin(void **state)
{
	(void)state;
	w = (struct worker){ .db = db, .name = "me:1" };
	return 0;
}

static void
run_job(const char *name)
{
	struct job job = one_job(name);

	assert_int_equal(job_run(&job, &w, 0), TURN_REST);
}

/* Runs the jobs `seconds` later, after another transaction. */
static void
look_after(int seconds)
{
	ahead_us += seconds * INT64_C(1000000);
	t_exec(url, "SELECT pg_current_xact_id()");
	run_job("watch");
	run_job("heartbeat");
}

/* The answer of /ready or /metrics. The caller frees it. */
static char *
get(const char *path)
{
	static const struct config config = { .worker_seen = 60 };
	const struct context context = { .db = db, .config = &config };
	const struct request request = {
		.method = "GET", .path = path, .query = "", .body = ""
	};
	struct response response;
	char *body;

	response_init(&response);
	route_handle(&context, &request, &response);
	assert_int_equal(response.status, 200);
	body = strdup(response.body.data);
	buf_free(&response.headers);
	buf_free(&response.body);
	return body;
}

static void
expect(const char *path, const char *text)
{
	char *body = get(path);

	if (strstr(body, text) == NULL)
		fail_msg("%s lacks %s: %s", path, text, body);
	free(body);
}

/* Opens a session whose transaction has written and stays open. */
static PGconn *
open_transaction(const char *database)
{
	PGconn *conn = PQconnectdb(database);

	PQclear(PQexec(conn,
	    "SET application_name = 'a migration'; BEGIN;"
	    "SELECT pg_current_xact_id()"));
	assert_int_equal(PQtransactionStatus(conn), PQTRANS_INTRANS);
	return conn;
}

static void
expect_clear(void)
{
	look_after(1);
	expect("/ready", J("{'status':'ready'}"));
	expect("/metrics",
	    "\nsmartcity_feed_stalled_seconds{worker=\"me:1\"} 0\n");
}

static void
horizon__idle_transaction__told_with_whose_and_how_long(void **state)
{
	PGconn *conn = open_transaction(elsewhere);
	char text[256];

	(void)state;
	look_after(1);
	look_after(29);
	expect("/ready", J("{'status':'ready'}"));
	look_after(61);
	expect("/ready", "\"warnings\":[\"feed: transaction ");
	snprintf(text, sizeof(text),
	    " of postgres in database %s (pid %d, a migration, idle in "
	    "transaction) open for 90 s holds back GET /events?after= and "
	    "the live stream\"",
	    PQdb(conn), PQbackendPID(conn));
	expect("/ready", text);
	expect(
	    "/metrics", "\nsmartcity_feed_stalled_seconds{worker=\"me:1\"} 90");
	PQfinish(conn);
	expect_clear();
}

static void
horizon__prepared_elsewhere__told_until_it_is_committed(void **state)
{
	char text[256];
	PGconn *conn;

	(void)state;
	t_exec(elsewhere,
	    "BEGIN; CREATE TABLE orphan (); PREPARE TRANSACTION 'orphan "
	    "\"1\"'");
	look_after(1);
	look_after(95);
	conn = PQconnectdb(elsewhere);
	snprintf(text, sizeof(text),
	    "\"feed: prepared transaction 'orphan \\\"1\\\"' of postgres in "
	    "database %s open for 95 s holds back",
	    PQdb(conn));
	PQfinish(conn);
	expect("/ready", text);
	t_exec(elsewhere, "COMMIT PREPARED 'orphan \"1\"'");
	expect_clear();
}

/* The role sees who has other sessions, but not their state or start. */
static void
horizon__role_without_rights__whose_and_what_to_grant(void **state)
{
	PGconn *conn = open_transaction(elsewhere);
	struct db *all = db;
	char *plain;

	(void)state;
	t_exec(url,
	    "DROP ROLE IF EXISTS stranger; CREATE ROLE stranger LOGIN;"
	    "GRANT SELECT, INSERT, UPDATE, DELETE ON workers TO stranger;"
	    "GRANT USAGE ON SCHEMA sqitch TO stranger");
	assert_true(asprintf(&plain, "%s&user=stranger", url) > 0);
	w.db = db_new(plain, "test", 30000);
	look_after(1);
	look_after(95);
	db = all;
	expect("/ready", " of postgres in database ");
	expect("/ready",
	    "a migration, its state is hidden: grant pg_read_all_stats) open "
	    "for 95 s holds back");
	PQfinish(conn);
	expect_clear();
	db_free(w.db);
	free(plain);
	t_exec(url, "DROP OWNED BY stranger; DROP ROLE stranger");
}

/*
 * A transaction that is older than the worker is reported at its second look.
 */
static void
horizon__open_before_the_worker_looked__its_own_age_counts(void **state)
{
	struct horizon h = { 0 };

	(void)state;
	horizon_see(&h, "700", NULL, NULL, 1000);
	assert_string_equal(h.warning, "");
	horizon_see(&h, "700", "95.5", "transaction 700 of x", 6000);
	assert_string_equal(h.warning,
	    "feed: transaction 700 of x open for 96 s holds back GET "
	    "/events?after= and the live stream");
	/* A transaction prepared before the server's clock was set back. */
	horizon_see(&h, "700", "-3600", NULL, 41000);
	assert_true(h.stalled == 40);
	assert_non_null(strstr(h.warning, "an unknown role open for 40 s"));
}

static void
horizon__moves_with_each_look__never_stalled(void **state)
{
	struct horizon h = { 0 };
	char tx[16];
	int i;

	(void)state;
	for (i = 0; i < 100; i++) {
		snprintf(tx, sizeof(tx), "%d", 700 + i);
		horizon_see(&h, tx, NULL, NULL, i * 5000);
		assert_true(h.stalled == 0);
	}
	horizon_see(&h, NULL, NULL, NULL, 500000);
	assert_string_equal(h.tx, "");
}

static void
horizon__lasts__line_at_once_and_every_five_minutes(void **state)
{
	struct horizon h = { 0 };
	int64_t told = 0;
	int i, lines = 0;

	(void)state;
	for (i = 0; i <= 200; i++) { /* 1000 s */
		horizon_see(&h, "700", NULL, NULL, 1 + i * 5000);
		lines += h.told_ms != told;
		told = h.told_ms;
	}
	assert_int_equal(lines, 4);
	horizon_see(&h, NULL, NULL, NULL, 2000000);
	assert_false(h.is_told);
}

/* No transaction is newer than the open one, so this one holds back nothing. */
static void
horizon__no_transaction_since__not_stalled(void **state)
{
	PGconn *conn = open_transaction(url);

	(void)state;
	run_job("watch");
	ahead_us += 95 * INT64_C(1000000);
	run_job("watch");
	assert_true(w.horizon.stalled == 0);
	PQfinish(conn);
}

/* Events of another server are not shown before they are numbered anew. */
static void
horizon__events_of_another_server__told_until_numbered_anew(void **state)
{
	static const struct config config = { .partitions_ahead = 4 };

	(void)state;
	w.config = &config;
	t_exec(url,
	    "INSERT INTO events (id, service, \"timestamp\", payload, tx)"
	    " VALUES (uuid_v7_floor(now()), 'x', now(), '{}', '9000000000')");
	run_job("partitions");
	look_after(1);
	expect("/ready",
	    "\"warnings\":[\"feed: this database was restored from another "
	    "server's dump");
	t_exec(url, "UPDATE events SET tx = pg_current_xact_id()");
	run_job("partitions");
	expect_clear();
	t_exec(url, "DELETE FROM events");
}

#define TEST(test) cmocka_unit_test_setup(test, begin)

static const struct CMUnitTest tests[] = {
	TEST(horizon__idle_transaction__told_with_whose_and_how_long),
	TEST(horizon__prepared_elsewhere__told_until_it_is_committed),
	TEST(horizon__role_without_rights__whose_and_what_to_grant),
	TEST(horizon__open_before_the_worker_looked__its_own_age_counts),
	TEST(horizon__moves_with_each_look__never_stalled),
	TEST(horizon__lasts__line_at_once_and_every_five_minutes),
	TEST(horizon__no_transaction_since__not_stalled),
	TEST(horizon__events_of_another_server__told_until_numbered_anew),
};

T_MAIN_WITH(tests, open_databases, close_databases)
