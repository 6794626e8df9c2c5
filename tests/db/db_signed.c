/* Webhooks while this host and the database disagree about the time. */
#include "t.h"

#include <poll.h>
#include <stdbool.h>

#include "clock.h"
#include "database.h"
#include "dispatch.h"
#include "receiver.h"

enum {
	PATIENCE_MS = 30000,
	HOUR = 3600
};

static struct receiver receiver;
static struct dispatch *d;
static struct net net;
static const struct config config = {
	.outbox_batch_size = 100,
	.outbox_max_attempts = 10,
	.outbox_lease_seconds = 60,
	.outbox_poll_seconds = 0.02,
	.delivery_allow = "loopback",
	.delivery_timeout = 1,
	.retry_schedule = "0,0.05",
	.in_flight = 64,
};

static int
open_all(void **state)
{
	database_open_moved(state);
	receiver_start(&receiver);
	return 0;
}

static int
close_all(void **state)
{
	receiver_stop(&receiver);
	database_drop(state);
	return 0;
}

static int
start(void **state)
{
	char error[256];

	(void)state;
	t_exec(url,
	    "TRUNCATE outbox_messages, deliveries, delivery_attempts,"
	    " subscriptions; UPDATE fake.clock SET ahead = '0'");
	return net_open(&net, &config, error) != STATUS_OK ||
	    dispatch_open(&d, &config, &net, error) != STATUS_OK;
}

static int
stop(void **state)
{
	(void)state;
	dispatch_close(d, database);
	net_close(&net);
	return 0;
}

/* Puts one message for `path`, due now by the database's clock. */
static void
put(const char *path)
{
	t_exec(url,
	    "INSERT INTO subscriptions (id, topic, url, secret) VALUES"
	    " (gen_random_uuid(), 'event.*', 'http://127.0.0.1:%d%s',"
	    " 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');"
	    "WITH m AS (INSERT INTO outbox_messages (id, topic, payload)"
	    " VALUES (uuid_v7_floor(now()), 'event.x', '{}') RETURNING id)"
	    "INSERT INTO deliveries (message_id, subscription_id,"
	    "  next_attempt_at)"
	    " SELECT m.id, s.id, now() - interval '1 day'"
	    "  FROM m, subscriptions AS s",
	    receiver.port, path);
}

static bool
is(const char *status)
{
	return t_number(url,
		   "SELECT count(*) FROM deliveries WHERE status = '%s'",
		   status) == 1;
}

static void
work_until(const char *status)
{
	int64_t end = clock_steady_ms() + PATIENCE_MS;

	while (!is(status)) {
		struct pollfd fd = { post_fd(net.http), POLLIN, 0 };
		int64_t wait = dispatch_run(d, database);

		if (clock_steady_ms() > end)
			fail_msg("not within 30 s: %s", status);
		if (poll(&fd, 1, wait < 20 ? (int)wait : 20) > 0)
			post_work(net.http);
	}
}

/* How far the n-th request's timestamp is ahead of this host, in seconds. */
static int64_t
signed_ahead(const char *path, int n)
{
	const struct receiver_request *r = receiver_find(&receiver, path, n);
	char *at = receiver_header(r, "webhook-timestamp");
	int64_t ahead = atoll(at) - r->received_us / 1000000;

	free(at);
	return ahead;
}

static void
webhook__database_two_hours_ahead__signed_with_its_time(void **state)
{
	(void)state;
	put("/ok/ahead");
	t_pass(url, "2 hours");
	work_until("delivered");
	assert_in_range(
	    signed_ahead("/ok/ahead", 0), 2 * HOUR - 5, 2 * HOUR + 5);
}

static void
webhook__database_two_hours_behind__signed_with_its_time(void **state)
{
	(void)state;
	put("/ok/behind");
	t_exec(url,
	    "UPDATE subscriptions SET woken_at = now() - interval '1 day'");
	t_pass(url, "-2 hours");
	work_until("delivered");
	assert_in_range(
	    -signed_ahead("/ok/behind", 0), 2 * HOUR - 5, 2 * HOUR + 5);
}

static void
webhook__retried_an_hour_later__signed_with_the_time_of_its_attempt(
    void **state)
{
	(void)state;
	put("/flaky/1/later");
	t_pass(url, "2 hours");
	work_until("retrying");
	t_pass(url, "1 hour");
	t_exec(url, "UPDATE subscriptions SET woken_at = now() + '3 hours'");
	work_until("delivered");
	assert_in_range(
	    signed_ahead("/flaky/1/later", 0), 2 * HOUR - 5, 2 * HOUR + 5);
	assert_in_range(
	    signed_ahead("/flaky/1/later", 1), 3 * HOUR - 5, 3 * HOUR + 5);
}

/* The receiver's clock, and so its date, is an hour ahead. */
static void
retry__after_a_date__by_the_databases_clock(void **state)
{
	(void)state;
	put("/retry-date/3610/date");
	t_pass(url, "1 hour");
	work_until("retrying");
	assert_in_range(
	    t_number(url,
		"SELECT extract(epoch FROM next_attempt_at - now())::int"
		" FROM deliveries"),
	    HOUR - 20, HOUR + 15);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, start, stop)

static const struct CMUnitTest tests[] = {
	TEST(webhook__database_two_hours_ahead__signed_with_its_time),
	TEST(webhook__database_two_hours_behind__signed_with_its_time),
	TEST(
	    webhook__retried_an_hour_later__signed_with_the_time_of_its_attempt),
	TEST(retry__after_a_date__by_the_databases_clock),
};

T_MAIN_WITH(tests, open_all, close_all)
