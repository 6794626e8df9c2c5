/* The database's clock was wrong for a while: what it wrote then. */
#include "t.h"

#include <stdbool.h>
#include <string.h>

#include "jobs.h"
#include "lease.h"
#include "route.h"

#define ONE "00000000-0000-7000-8000-00000000000a"

static const char *url;
static char *moved;
static struct db *db;

static int
open_database(void **state)
{
	(void)state;
	url = t_database();
	moved = t_moved_clock(url);
	db = db_new(moved, "test", 5000);
	return db == NULL;
}

static int
close_database(void **state)
{
	(void)state;
	db_free(db);
	free(moved);
	t_drop(url);
	return 0;
}

/* One receiver, and five deliveries that are due. */
static int
put_five(void **state)
{
	(void)state;
	t_exec(url,
	    "TRUNCATE outbox_messages, deliveries, delivery_attempts,"
	    " subscriptions, workers, streams, incidents;"
	    "UPDATE fake.clock SET ahead = '0';"
	    "INSERT INTO subscriptions (id, topic, url, secret, woken_at)"
	    " VALUES ('" ONE "', 'event.*', 'http://one/', 'whsec_1',"
	    "  now() - interval '1 hour');"
	    "WITH m AS (INSERT INTO outbox_messages (id, topic, payload)"
	    " SELECT uuid_v7_floor(now() + n * interval '1 ms'),"
	    "  'event.security', '{}' FROM generate_series(1, 5) AS n"
	    " RETURNING id)"
	    "INSERT INTO deliveries (message_id, subscription_id)"
	    " SELECT id, '" ONE "' FROM m");
	return 0;
}

static void
expect(const char *expected, const char *query)
{
	char *value = t_sql(url, "%s", query);

	assert_string_equal(value, expected);
	free(value);
}

static enum turn
run_job(const char *name)
{
	static const struct config config = {
		.retry_schedule = "0,1,5,30,120,600,1800,7200,21600,43200,86400"
	};
	struct worker w = { .config = &config, .db = db, .name = "me:1" };
	struct job jobs[JOBS];
	int i;

	jobs_init(jobs);
	for (i = 0; i < JOBS; i++)
		if (strcmp(jobs[i].name, name) == 0)
			return job_run(&jobs[i], &w, 0);
	fail_msg("there is no job %s", name);
	return TURN_RETRY;
}

static void
expect_claims(int n)
{
	static const struct claim all = { "[]", -1, 60, 10, 100, 100 };
	struct pg_result *rows = NULL;

	assert_int_equal(lease_claim(db, &all, &rows), STATUS_OK);
	assert_int_equal(pg_rows(rows), n);
	pg_free(rows);
}

/* --- deliveries --- */

static void
mend__retrying_in_a_wrong_future__due_now(void **state)
{
	(void)state;
	t_exec(url,
	    "UPDATE deliveries SET status = 'retrying', attempts = 1,"
	    " next_attempt_at = now() + interval '3 years'");
	expect_claims(0);
	assert_int_equal(run_job("mend"), TURN_REST);
	expect_claims(5);
}

/* 30 hours are more than the longest delay of a day, and 20 % of it. */
static void
mend__longest_delay_that_the_schedule_has__decides(void **state)
{
	(void)state;
	t_exec(url,
	    "UPDATE deliveries SET status = 'retrying', attempts = 1,"
	    " next_attempt_at = now() + interval '28 hours'");
	assert_int_equal(run_job("mend"), TURN_REST);
	expect_claims(0);
	t_exec(url,
	    "UPDATE deliveries SET next_attempt_at = now() + '30 hours';"
	    "UPDATE subscriptions SET retry_schedule = '0, 604800'");
	assert_int_equal(run_job("mend"), TURN_REST);
	expect_claims(0);
	t_exec(url, "UPDATE subscriptions SET retry_schedule = '0,60'");
	assert_int_equal(run_job("mend"), TURN_REST);
	expect_claims(5);
}

static void
mend__lease_that_ends_in_hours__ends_now(void **state)
{
	(void)state;
	expect_claims(5);
	t_exec(url,
	    "UPDATE deliveries SET next_attempt_at = now() + '59 minutes'");
	assert_int_equal(run_job("mend"), TURN_REST);
	expect_claims(0);
	t_exec(
	    url, "UPDATE deliveries SET next_attempt_at = now() + '3 hours'");
	assert_int_equal(run_job("mend"), TURN_REST);
	expect_claims(5);
	expect(
	    "5", "SELECT count(*) FROM delivery_attempts WHERE error = 'lost'");
}

static void
mend__waits_for_hours_with_good_reason__stays(void **state)
{
	(void)state;
	t_exec(url,
	    "UPDATE deliveries SET status = 'retrying', attempts = 8,"
	    " next_attempt_at = now() + interval '12 hours'");
	assert_int_equal(run_job("mend"), TURN_REST);
	expect_claims(0);
}

static void
mend__created_in_a_wrong_future__expires_from_now_on(void **state)
{
	(void)state;
	t_exec(url,
	    "UPDATE subscriptions SET expires_after = 60;"
	    "UPDATE deliveries SET created_at = now() + interval '3 years',"
	    " next_attempt_at = now() + interval '3 years'");
	assert_int_equal(run_job("mend"), TURN_REST);
	expect(
	    "5", "SELECT count(*) FROM deliveries WHERE created_at <= now()");
	t_pass(url, "61 seconds");
	expect_claims(5);
	expect("5", "SELECT count(*) FROM deliveries WHERE status = 'expired'");
}

static void
mend__settled__untouched(void **state)
{
	(void)state;
	t_exec(url,
	    "UPDATE deliveries SET status = 'delivered',"
	    " next_attempt_at = now() + interval '3 years'");
	assert_int_equal(run_job("mend"), TURN_REST);
	expect("5",
	    "SELECT count(*) FROM deliveries WHERE next_attempt_at > now()"
	    " AND status = 'delivered'");
}

/* More than a run takes: the next one follows at once. */
static void
mend__thousands__in_several_runs(void **state)
{
	(void)state;
	t_exec(url,
	    "INSERT INTO deliveries (message_id, subscription_id,"
	    " next_attempt_at) SELECT gen_random_uuid(), '" ONE "',"
	    " now() + interval '1 year' FROM generate_series(1, 1500)");
	assert_int_equal(run_job("mend"), TURN_AGAIN);
	assert_int_equal(run_job("mend"), TURN_REST);
	expect("0",
	    "SELECT count(*) FROM deliveries WHERE next_attempt_at > now()");
}

/* --- subscriptions, streams --- */

static void
mend__breaker_open_for_years__half_open_now(void **state)
{
	(void)state;
	t_exec(
	    url, "UPDATE subscriptions SET open_until = now() + '9 minutes'");
	run_job("mend");
	expect_claims(0);
	t_exec(url, "UPDATE subscriptions SET open_until = now() + '2 years'");
	run_job("mend");
	expect_claims(1);
}

static void
mend__old_secret_and_others_of_a_wrong_future__over(void **state)
{
	(void)state;
	t_exec(url,
	    "UPDATE subscriptions SET old_secret = 'whsec_0',"
	    " old_secret_until = now() + interval '8 days',"
	    " woken_at = now() + interval '1 year';"
	    "INSERT INTO streams VALUES ('s', '7', '" ONE "',"
	    " now() + interval '1 year')");
	run_job("mend");
	expect("t t",
	    "SELECT concat_ws(' ', old_secret_until <= now(),"
	    " woken_at <= now()) FROM subscriptions");
	expect("7 t",
	    "SELECT concat_ws(' ', tx, updated_at <= now()) FROM streams");
}

static void
mend__old_secret_within_its_week__stays(void **state)
{
	(void)state;
	t_exec(url,
	    "UPDATE subscriptions SET old_secret = 'whsec_0',"
	    " old_secret_until = now() + interval '7 days'");
	run_job("mend");
	expect("t",
	    "SELECT old_secret_until > now() + interval '6 days'"
	    " FROM subscriptions");
}

/* --- incidents --- */

/* An emergency of one patient; whether it fired. */
static bool
report(int n)
{
	static const char finding[] =
	    "[{\"n\":1,\"id\":\"%s\",\"service\":\"security\",\"key\":\"k\","
	    "\"payload\":{},\"watched\":\"w\",\"quiet\":300,\"remind\":3600}]";
	char id[40], own[40], findings[256];
	const char *const values[] = { id, "health", "2026-11-23T10:00:00Z",
		"{}", "{}", NULL, findings, NULL, NULL, NULL };
	struct pg_result *r = NULL;
	bool fired;

	snprintf(id, sizeof(id), "01a205b3-d000-7000-8000-00000000%04d", n);
	snprintf(own, sizeof(own), "01a205b3-d000-7000-8000-00000001%04d", n);
	snprintf(findings, sizeof(findings), finding, own);
	assert_int_equal(db_run(db, Q_event_ingest, 10, values, &r), STATUS_OK);
	fired = strcmp(pg_value(r, 0, 1), own) == 0;
	pg_free(r);
	return fired;
}

static void
incident__opened_in_a_wrong_future__fires_anew(void **state)
{
	(void)state;
	t_pass(url, "3 hours");
	assert_true(report(1));
	assert_false(report(2));
	t_exec(url, "UPDATE fake.clock SET ahead = '0'"); /* right again */
	assert_true(report(3));
	expect("1 t t t",
	    "SELECT concat_ws(' ', occurrences, last_seen_at <= now(),"
	    " closes_at <= now() + interval '300 s',"
	    " reminds_at <= now() + interval '3600 s') FROM incidents");
	assert_false(report(4));
	t_pass(url, "301 seconds");
	assert_true(report(5));
}

/* Two servers' transactions may overlap, a clock may be slewed. */
static void
incident__seen_half_a_minute_ahead__still_open(void **state)
{
	(void)state;
	t_pass(url, "30 seconds");
	assert_true(report(11));
	t_exec(url, "UPDATE fake.clock SET ahead = '0'");
	assert_false(report(12));
	expect("t",
	    "SELECT last_seen_at > now() + interval '20 s' FROM incidents");
}

/* --- workers --- */

static void
get(const char *path, int status, const char *text)
{
	static const struct config config = { .worker_seen = 60 };
	const struct context context = { .db = db, .config = &config };
	const struct request request = {
		.method = "GET", .path = path, .query = "", .body = ""
	};
	struct response response = { 0 };

	route_handle(&context, &request, &response);
	assert_int_equal(response.status, status);
	if (strstr(response.body.data, text) == NULL)
		fail_msg("%s lacks %s: %s", path, text, response.body.data);
	buf_free(&response.headers);
	buf_free(&response.body);
}

static void
worker__last_seen_in_a_wrong_future__not_alive(void **state)
{
	(void)state;
	t_exec(url,
	    "INSERT INTO workers VALUES ('elsewhere:1', now(),"
	    " now() + interval '2 hours')");
	get("/ready", 503, "worker: none was seen lately");
	get("/metrics", 200, "smartcity_workers 0\n");
	t_exec(url, "UPDATE workers SET last_seen_at = now()");
	get("/ready", 200, "ready");
	get("/metrics", 200, "smartcity_workers 1\n");
}

static void
worker__heartbeat_after_the_clock_was_set_back__forgets_that_future(
    void **state)
{
	(void)state;
	t_pass(url, "3 hours");
	run_job("heartbeat");
	t_exec(url,
	    "INSERT INTO workers VALUES ('dead:1', now(),"
	    " now() + interval '3 hours')");
	t_exec(url, "UPDATE fake.clock SET ahead = '0'");
	run_job("heartbeat");
	expect("me:1 t t",
	    "SELECT concat_ws(' ', string_agg(name, ','),"
	    " bool_and(last_seen_at <= now()), bool_and(started_at <= now()))"
	    " FROM workers");
}

/* --- this host and the database --- */

static void
skew__database_two_hours_ahead__ready_warns(void **state)
{
	(void)state;
	t_pass(url, "2 hours");
	run_job("watch");
	run_job("heartbeat");
	get("/ready", 200,
	    "{\"status\":\"ready\",\"warnings\":[\"clock: this host is 7");
	get("/ready", 200, " s behind the database\"");
	get("/ready", 200, "\"clock: the host of worker me:1 is 7");
	get("/metrics", 200, "\nsmartcity_pool_clock_skew_seconds -7");
	get("/metrics", 200,
	    "\nsmartcity_clock_skew_seconds{worker=\"me:1\"} -7");
	t_exec(url, "UPDATE fake.clock SET ahead = '-2 hours'");
	get("/ready", 503, "");
	run_job("watch");
	run_job("heartbeat");
	get("/ready", 200, "\"clock: this host is 7");
	get("/ready", 200, " s ahead of the database\"");
	t_exec(url, "UPDATE fake.clock SET ahead = '29 seconds'");
	run_job("watch");
	run_job("heartbeat");
	get("/ready", 200, "{\"status\":\"ready\"}");
}

#define TEST(test) cmocka_unit_test_setup(test, put_five)

static const struct CMUnitTest tests[] = {
	TEST(mend__retrying_in_a_wrong_future__due_now),
	TEST(mend__longest_delay_that_the_schedule_has__decides),
	TEST(mend__lease_that_ends_in_hours__ends_now),
	TEST(mend__waits_for_hours_with_good_reason__stays),
	TEST(mend__created_in_a_wrong_future__expires_from_now_on),
	TEST(mend__settled__untouched),
	TEST(mend__thousands__in_several_runs),
	TEST(mend__breaker_open_for_years__half_open_now),
	TEST(mend__old_secret_and_others_of_a_wrong_future__over),
	TEST(mend__old_secret_within_its_week__stays),
	TEST(incident__opened_in_a_wrong_future__fires_anew),
	TEST(incident__seen_half_a_minute_ahead__still_open),
	TEST(worker__last_seen_in_a_wrong_future__not_alive),
	TEST(
	    worker__heartbeat_after_the_clock_was_set_back__forgets_that_future),
	TEST(skew__database_two_hours_ahead__ready_warns),
};

T_MAIN_WITH(tests, open_database, close_database)
