/*
 * Incidents and workers seen in a wrong future; a host whose clock is wrong.
 */
#include "t.h"

#include <stdbool.h>
#include <string.h>

#include "database.h"
#include "one_job.h"
#include "route.h"
#include "store_event.h"

static int
empty(void **state)
{
	(void)state;
	t_exec(url,
	    "TRUNCATE workers, incidents, event_keys;"
	    "UPDATE fake.clock SET ahead = '0'");
	return 0;
}

static enum turn
run_job(const char *name)
{
	static const struct config config;
	struct worker w = { .config = &config, .db = database, .name = "me:1" };
	struct job job = one_job(name);

	return job_run(&job, &w, 0);
}

/* --- incidents --- */

/* Reports that one neighborhood uses much energy; true if the rule fired. */
static bool
report(void)
{
	long long before = store_count("service = 'security'");

	free(
	    store_send("energy", J("{'energy':600,'neighborhood':'n'}"), NULL));
	return store_count("service = 'security'") > before;
}

static void
incident__opened_in_a_wrong_future__fires_anew(void **state)
{
	(void)state;
	t_pass(url, "3 hours");
	assert_true(report());
	assert_false(report());
	t_exec(url,
	    "UPDATE fake.clock SET ahead = '0'"); /* the clock is right again */
	assert_true(report());
	t_expect(url, "1 t t t",
	    "SELECT concat_ws(' ', occurrences, last_seen_at <= now(),"
	    " closes_at <= now() + interval '300 s',"
	    " reminds_at <= now() + interval '3600 s') FROM incidents");
	assert_false(report());
	t_pass(url, "301 seconds");
	assert_true(report());
}

/* Transactions of two servers can overlap, and a clock can be slewed. */
static void
incident__seen_half_a_minute_ahead__still_open(void **state)
{
	(void)state;
	t_pass(url, "30 seconds");
	assert_true(report());
	t_exec(url, "UPDATE fake.clock SET ahead = '0'");
	assert_false(report());
	t_expect(url, "t",
	    "SELECT last_seen_at > now() + interval '20 s' FROM incidents");
}

/* --- workers --- */

static void
get(const char *path, int status, const char *text)
{
	static const struct config config = { .worker_seen = 60 };
	const struct context context = { .db = database, .config = &config };
	const struct request request = {
		.method = "GET", .path = path, .query = "", .body = ""
	};
	struct response response;

	response_init(&response);
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
	t_expect(url, "me:1 t t",
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
	    J("{'status':'ready','warnings':['clock: this host is 7"));
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
	get("/ready", 200, J("{'status':'ready'}"));
}

#define TEST(test) cmocka_unit_test_setup(test, empty)

static const struct CMUnitTest tests[] = {
	TEST(incident__opened_in_a_wrong_future__fires_anew),
	TEST(incident__seen_half_a_minute_ahead__still_open),
	TEST(worker__last_seen_in_a_wrong_future__not_alive),
	TEST(
	    worker__heartbeat_after_the_clock_was_set_back__forgets_that_future),
	TEST(skew__database_two_hours_ahead__ready_warns),
};

T_MAIN_WITH(tests, database_open_moved, database_drop)
