/*
 * Many deliveries, the order of a subject, a stop, a database that goes away.
 */
#include "t.h"

#include <string.h>

#include "clock.h"
#include "dispatch.h"
#include "dispatcher.h"
#include "receiver.h"

/* --- many --- */

static void
isolation__dead_and_slow_beside_good__good_gets_all(void **state)
{
	(void)state;
	dispatcher_config.delivery_timeout = 10;
	dispatcher_subscribe("dead", "http://127.0.0.1:1/");
	dispatcher_subscribe("slow", "/slow/8000/x");
	dispatcher_subscribe("good", "/ok/good");
	dispatcher_put(200);
	dispatcher_start();
	dispatcher_work_until("delivered", 200);
	assert_int_equal(dispatcher_count_of("good", "delivered"), 200);
	assert_int_equal(receiver_count(&dispatcher_receiver, "/ok/good"), 200);
}

/*
 * The receiver was quick, so many of its deliveries are claimed when it dies.
 */
static void
breaker__quick_receiver_dies__few_attempts_are_wasted(void **state)
{
	int64_t end = clock_steady_ms() + PATIENCE_MS;

	(void)state;
	strcpy(dispatcher_config.retry_schedule, "0,60");
	dispatcher_subscribe("a", "/ok/alive");
	dispatcher_put(300);
	dispatcher_start();
	dispatcher_work_until("delivered", 300);
	t_exec(url, "UPDATE subscriptions SET url = 'http://127.0.0.1:1/'");
	dispatcher_put(800);
	while (t_number(url,
		   "SELECT count(*) FROM subscriptions"
		   " WHERE open_until > now()") == 0) {
		assert_true(clock_steady_ms() < end);
		dispatcher_turn();
	}
	while (dispatcher_count("delivering") > 0) {
		assert_true(clock_steady_ms() < end);
		dispatcher_turn();
	}
	assert_int_equal(
	    dispatcher_count("pending") + dispatcher_count("retrying"), 800);
	assert_true(dispatcher_count("retrying") < 100);
}

static void
isolation__more_hanging_receivers_than_places__good_gets_all(void **state)
{
	char path[32];
	int i;

	(void)state;
	dispatcher_config.in_flight = 16;
	dispatcher_config.delivery_timeout = 10;
	for (i = 0; i < 6; i++) {
		snprintf(path, sizeof(path), "/hang/%d", i);
		dispatcher_subscribe("hanging", path);
	}
	dispatcher_subscribe("good", "/ok/among");
	dispatcher_put(50);
	dispatcher_start();
	dispatcher_work_until("delivered", 50);
	assert_int_equal(dispatcher_count_of("good", "delivered"), 50);
}

static void
many__thousands__each_once_and_nothing_left(void **state)
{
	(void)state;
	dispatcher_subscribe("a", "/ok/many");
	dispatcher_put(3000);
	dispatcher_start();
	dispatcher_work_until("delivered", 3000);
	assert_int_equal(
	    receiver_count(&dispatcher_receiver, "/ok/many"), 3000);
	assert_int_equal(
	    receiver_distinct(&dispatcher_receiver, "/ok/many"), 3000);
	assert_int_equal(
	    t_number(url, "SELECT count(*) FROM delivery_attempts"), 3000);
}

/* More deliveries than one claim takes, all due since an hour ago. */
static void
many__old_backlog__not_left_to_the_sweeps(void **state)
{
	(void)state;
	dispatcher_config.outbox_batch_size = 10;
	dispatcher_subscribe("a", "/ok/backlog");
	t_exec(url,
	    "UPDATE subscriptions SET woken_at = now() - interval '1 hour'");
	dispatcher_put(400);
	t_exec(url,
	    "UPDATE deliveries SET next_attempt_at = now() - interval '1 "
	    "hour'");
	dispatcher_start();
	dispatcher_work_until("delivered", 400);
}

static void
order__by_subject__as_they_were_made(void **state)
{
	int i;

	(void)state;
	dispatcher_subscribe("a", "/flaky/1/order");
	t_exec(url, "UPDATE subscriptions SET ordering = 'subject'");
	dispatcher_put(10);
	t_exec(url, "UPDATE deliveries SET subject = 'one'");
	dispatcher_start();
	dispatcher_work_until("delivered", 10);
	assert_int_equal(
	    receiver_count(&dispatcher_receiver, "/flaky/1/order"), 20);
	for (i = 0; i < 20; i += 2)
		assert_string_equal(
		    receiver_find(&dispatcher_receiver, "/flaky/1/order", i)
			->id,
		    receiver_find(&dispatcher_receiver, "/flaky/1/order", i + 1)
			->id);
	for (i = 2; i < 20; i += 2)
		assert_true(
		    strcmp(receiver_find(
			       &dispatcher_receiver, "/flaky/1/order", i - 2)
			       ->id,
			receiver_find(&dispatcher_receiver, "/flaky/1/order", i)
			    ->id) < 0);
}

/* --- stop, and a database that goes away --- */

static void
stop__with_a_queue__given_back_at_once(void **state)
{
	int64_t end = clock_steady_ms() + PATIENCE_MS;

	(void)state;
	dispatcher_subscribe("a", "/slow/300/x");
	t_exec(url, "UPDATE subscriptions SET max_in_flight = 2");
	dispatcher_put(2);
	dispatcher_start();
	dispatcher_work_until("delivered", 2); /* now its pace is known */
	dispatcher_put(30);
	while (dispatcher_count("delivering") == 0)
		dispatcher_turn();
	dispatch_stop(dispatcher);
	while (!dispatch_is_idle(dispatcher)) {
		assert_true(clock_steady_ms() < end);
		dispatcher_turn();
	}
	assert_int_equal(dispatcher_count("delivering"), 0);
	assert_int_equal(
	    dispatcher_count("delivered") + dispatcher_count("pending"), 32);
	assert_int_equal(t_number(url,
			     "SELECT count(*) FROM deliveries"
			     " WHERE status = 'pending' AND attempts <> 0"),
	    0);
}

static void
stop__receiver_that_hangs__told_to_be_tried_again(void **state)
{
	(void)state;
	dispatcher_config.delivery_timeout = 30;
	dispatcher_subscribe("a", "/hang/stop");
	dispatcher_put(1);
	dispatcher_start();
	while (receiver_count(&dispatcher_receiver, "/hang/stop") == 0)
		dispatcher_turn();
	dispatcher_end();
	t_expect(url, "retrying internal: the worker stopped",
	    "SELECT status || ' ' || last_error FROM deliveries");
}

static void
stop__last_attempt_cut_off__not_failed_for_that(void **state)
{
	(void)state;
	dispatcher_config.delivery_timeout = 30;
	dispatcher_config.outbox_max_attempts = 1;
	dispatcher_subscribe("a", "/hang/last");
	dispatcher_put(1);
	dispatcher_start();
	while (receiver_count(&dispatcher_receiver, "/hang/last") == 0)
		dispatcher_turn();
	dispatcher_end();
	t_expect(url, "pending 0",
	    "SELECT status || ' ' || attempts FROM deliveries");
}

static void
database__connection_cut_while_delivering__outcomes_told_later(void **state)
{
	(void)state;
	dispatcher_subscribe("a", "/slow/200/cut");
	dispatcher_put(20);
	dispatcher_start();
	while (receiver_count(&dispatcher_receiver, "/slow/200/cut") == 0)
		dispatcher_turn();
	t_exec(url,
	    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE"
	    " application_name = 'test'");
	dispatcher_work_until("delivered", 20);
	assert_int_equal(
	    receiver_count(&dispatcher_receiver, "/slow/200/cut"), 20);
}

static void
lease__too_short_for_what_waits__given_back_not_begun(void **state)
{
	(void)state;
	dispatcher_config.outbox_lease_seconds = 4;
	dispatcher_config.delivery_timeout = 2;
	dispatcher_config.in_flight = 1;
	dispatcher_subscribe("a", "/slow/1200/one");
	dispatcher_subscribe("b", "/slow/1200/two");
	dispatcher_put(2);
	dispatcher_start();
	dispatcher_work_until("delivered", 4);
	assert_int_equal(
	    receiver_count(&dispatcher_receiver, "/slow/1200/"), 4);
	assert_int_equal(
	    t_number(url, "SELECT max(attempts) FROM deliveries"), 1);
}

static const struct CMUnitTest tests[] = {
	TEST(isolation__dead_and_slow_beside_good__good_gets_all),
	TEST(breaker__quick_receiver_dies__few_attempts_are_wasted),
	TEST(isolation__more_hanging_receivers_than_places__good_gets_all),
	TEST(many__thousands__each_once_and_nothing_left),
	TEST(many__old_backlog__not_left_to_the_sweeps),
	TEST(order__by_subject__as_they_were_made),
	TEST(stop__with_a_queue__given_back_at_once),
	TEST(stop__receiver_that_hangs__told_to_be_tried_again),
	TEST(stop__last_attempt_cut_off__not_failed_for_that),
	TEST(database__connection_cut_while_delivering__outcomes_told_later),
	TEST(lease__too_short_for_what_waits__given_back_not_begun),
};

T_MAIN_WITH(tests, dispatcher_open, dispatcher_close)
