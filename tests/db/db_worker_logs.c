/*
 * What the worker logs about failed deliveries, held receivers and a wrong
 * clock.
 */
#include "t.h"

#include "stack.h"
#include "worker_process.h"

static void
worker__delivery_fails__line_says_whose_it_is(void **state)
{
	struct program p;
	char *message;

	(void)state;
	setenv("OUTBOX_MAX_ATTEMPTS", "2", 1);
	setenv("SMARTCITY_RETRY_SCHEDULE", "0,0.1", 1);
	p = worker_start(url, NULL);
	unsetenv("OUTBOX_MAX_ATTEMPTS");
	unsetenv("SMARTCITY_RETRY_SCHEDULE");
	worker_subscribe("/status/500/fails");
	worker_put(1);
	worker_await_words(&p, "\"msg\":\"dispatch: again in ", 1);
	worker_await_words(&p,
	    J("'msg':'dispatch: failed for good: http: answered 500',"
	      "'topic':'event.energy','message_id':'"),
	    1);
	message = t_sql(url, "SELECT id FROM outbox_messages");
	assert_int_equal(worker_count_written(&p, message), 2);
	worker_stop(&p);
	free(message);
}

/*
 * Gives the receiver a description, and its URL a secret that no log may show.
 */
static void
describe(const char *path, const char *description)
{
	worker_subscribe(path);
	t_exec(url,
	    "UPDATE subscriptions SET description = '%s',"
	    " url = url || '?token=geheim'",
	    description);
}

#define KNOWN_AS(description)                                                  \
	",\"description\":\"" description "\",\"host\":\"127.0.0.1\"}"

static void
expect_no_secret(struct program *p, const char *path)
{
	assert_int_equal(worker_count_written(p, path), 0);
	assert_int_equal(worker_count_written(p, "geheim"), 0);
}

static void
worker__delivery_fails__line_names_its_receiver(void **state)
{
	struct program p;

	(void)state;
	setenv("OUTBOX_MAX_ATTEMPTS", "2", 1);
	setenv("SMARTCITY_RETRY_SCHEDULE", "0,0.1", 1);
	p = worker_start(url, NULL);
	unsetenv("OUTBOX_MAX_ATTEMPTS");
	unsetenv("SMARTCITY_RETRY_SCHEDULE");
	describe("/status/500/named", "The \"fire\" brigade");
	worker_put(1);
	worker_await_words(&p, "dispatch: failed for good: ", 1);
	assert_int_equal(
	    worker_count_written(&p, KNOWN_AS("The \\\"fire\\\" brigade")), 2);
	expect_no_secret(&p, "/status/500");
	worker_stop(&p);
}

static void
worker__410__said_to_be_disabled_and_held_not_again(void **state)
{
	struct program p = worker_start(url, NULL);

	(void)state;
	describe("/gone/told", "Gone for good");
	worker_put(1);
	worker_await_words(&p,
	    J("'msg':'dispatch: held, its subscription is disabled: http: "
	      "answered 410'"),
	    1);
	assert_int_equal(
	    worker_count_written(&p, "dispatch: subscription disabled: "), 1);
	assert_int_equal(worker_count_written(&p, "again in"), 0);
	assert_int_equal(
	    worker_count_written(&p, KNOWN_AS("Gone for good")), 2);
	expect_no_secret(&p, "/gone");
	worker_stop(&p);
}

/* The tenth failure in a row opens the breaker. */
static void
worker__breaker_opens__said_to_be_held_not_again(void **state)
{
	struct program p = worker_start(url, NULL);

	(void)state;
	describe("/status/503/told", "Broken");
	t_exec(url, "UPDATE subscriptions SET failures = 9");
	worker_put(1);
	worker_await_words(&p,
	    J("'msg':'dispatch: held, its breaker is open for 30 s: http: "
	      "answered 503'"),
	    1);
	assert_int_equal(worker_count_written(&p,
			     "dispatch: breaker open for 30 s: its receiver "
			     "failed 10 times in a row"),
	    1);
	assert_int_equal(worker_count_written(&p, "again in"), 0);
	assert_int_equal(worker_count_written(&p, KNOWN_AS("Broken")), 2);
	expect_no_secret(&p, "/status/503");
	worker_stop(&p);
}

static void
worker__paused_meanwhile__said_to_be_held(void **state)
{
	struct program p;

	(void)state;
	setenv("SMARTCITY_DELIVERY_TIMEOUT", "2", 1);
	p = worker_start(url, NULL);
	unsetenv("SMARTCITY_DELIVERY_TIMEOUT");
	describe("/hang/paused", "Asleep");
	worker_put(1);
	stack_wait(worker_is_under_way, "/hang/paused", "it is under way");
	t_exec(url, "UPDATE subscriptions SET paused = true");
	worker_await_words(
	    &p, "dispatch: held, its subscription is paused: ", 1);
	assert_int_equal(worker_count_written(&p, "again in"), 0);
	worker_stop(&p);
}

/* This host is two hours behind the database for a while. */
static void
worker__clock_wrong__warned_of_once_and_again_when_it_is_right(void **state)
{
	struct program p;

	(void)state;
	moved = t_moved_clock(url);
	t_pass(url, "2 hours");
	p = worker_start(moved, NULL);
	worker_await_words(
	    &p, "clock: this host is 7200 s behind the database", 1);
	t_exec(url,
	    "UPDATE fake.clock SET ahead = '0';"
	    "UPDATE workers SET last_seen_at = now()");
	worker_await_words(&p, "agrees with the database again", 1);
	assert_int_equal(worker_count_written(&p, "\"msg\":\"clock: "), 2);
	worker_stop(&p);
}

static const struct CMUnitTest tests[] = {
	EMPTY(worker__delivery_fails__line_says_whose_it_is),
	EMPTY(worker__delivery_fails__line_names_its_receiver),
	EMPTY(worker__410__said_to_be_disabled_and_held_not_again),
	EMPTY(worker__breaker_opens__said_to_be_held_not_again),
	EMPTY(worker__paused_meanwhile__said_to_be_held),
	EMPTY(worker__clock_wrong__warned_of_once_and_again_when_it_is_right),
};

T_MAIN_WITH(tests, worker_open_all, worker_close_all)
