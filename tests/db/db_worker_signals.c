/*
 * The worker and signals: new settings, a stop during a restart, debug lines.
 */
#include "t.h"

#include <signal.h>
#include <unistd.h>

#include "clock.h"
#include "receiver.h"
#include "stack.h"
#include "worker_process.h"

/* Starts a worker in a new directory, whose .env has `setting`. */
static struct program
start_in(char dir[], const char *setting)
{
	char was[4096], path[64];
	struct program p;
	FILE *f;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/.env", dir);
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "%s\n", setting);
	fclose(f);
	assert_non_null(getcwd(was, sizeof(was)));
	assert_int_equal(chdir(dir), 0);
	p = worker_start(url, NULL);
	assert_int_equal(chdir(was), 0);
	return p;
}

static void
set_in(const char *dir, const char *setting)
{
	char command[256];

	snprintf(command, sizeof(command), "echo '%s' >%s/.env", setting, dir);
	assert_int_equal(system(command), 0);
}

static void
remove_dir(const char *dir)
{
	char command[256];

	snprintf(command, sizeof(command), "rm -r %s", dir);
	assert_int_equal(system(command), 0);
}

static void
worker__sighup__what_is_under_way_ends_then_new_settings(void **state)
{
	char dir[] = "/tmp/smartcity-test.XXXXXX", path[] = "/slow/1000/hup";
	struct program p = start_in(dir, "SMARTCITY_LOG_LEVEL=info");
	int i;

	(void)state;
	stack_wait(worker_is_seen, NULL, "the worker is seen");
	worker_subscribe(path);
	worker_put(40); /* 16 can be under way */
	for (i = 1; i <= 2; i++) {
		stack_wait(
		    worker_is_under_way, path, "deliveries are under way");
		set_in(dir, "SMARTCITY_LOG_LEVEL=debug");
		kill(p.pid, i == 1 ? SIGHUP : SIGUSR2);
		worker_await_words(&p, "starts anew", i);
		assert_true(worker_is_seen(NULL));
		worker_await_words(&p, " started", i + 1);
	}
	stack_wait(worker_is_all_delivered, NULL, "all are delivered");
	worker_await_words(&p, "dispatch: delivered", 1);
	assert_int_equal(receiver_count(&worker_receiver, path), 40);
	assert_int_equal(
	    t_number(url, "SELECT sum(attempts) FROM deliveries"), 40);
	assert_int_equal(t_number(url, "SELECT count(*) FROM workers"), 1);
	worker_stop(&p);
	remove_dir(dir);
}

static void
worker__sighup_with_a_wrong_setting__goes_on(void **state)
{
	char dir[] = "/tmp/smartcity-test.XXXXXX";
	struct program p = start_in(dir, "SMARTCITY_LOG_LEVEL=info");

	(void)state;
	stack_wait(worker_is_seen, NULL, "the worker is seen");
	set_in(dir, "SMARTCITY_RETRY_SCHEDULE=soon");
	kill(p.pid, SIGHUP);
	worker_await_words(&p, "--check failed", 1);
	assert_int_equal(
	    worker_count_written(&p, "SMARTCITY_RETRY_SCHEDULE: "), 1);
	worker_subscribe("/ok/on");
	worker_put(1);
	stack_wait(worker_is_all_delivered, NULL, "it is delivered");
	assert_int_equal(worker_count_written(&p, " started"), 1);
	worker_stop(&p);
	remove_dir(dir);
}

static void
worker__sigterm_while_it_winds_up__stops(void **state)
{
	struct program p = worker_start(url, NULL);
	int64_t before;

	(void)state;
	worker_subscribe("/hang/term");
	worker_put(1);
	stack_wait(
	    worker_is_under_way, "/hang/term", "a delivery is under way");
	before = clock_steady_ms();
	kill(p.pid, SIGHUP);
	kill(p.pid, SIGTERM);
	assert_int_equal(worker_end(&p), 0);
	assert_true(clock_steady_ms() - before < 8000);
	assert_true(worker_wrote(&p, "stopped by signal 15"));
}

static void
put_for_request(const char *request_id)
{
	t_exec(url,
	    "WITH m AS (INSERT INTO outbox_messages (id, topic, payload,"
	    " request_id) VALUES (" NEW_ID ", 'event.energy',"
	    " '{\"a\":\"geheim\"}', '%s') RETURNING id)"
	    " INSERT INTO deliveries (message_id, subscription_id)"
	    " SELECT m.id, s.id FROM m, subscriptions AS s",
	    request_id);
	stack_wait(worker_is_all_delivered, NULL, "it is delivered");
}

static void
worker__sigusr1__debug_lines_of_each_delivery_and_off_again(void **state)
{
	struct program p = worker_start(url, NULL);
	char *message, *subscription, text[256];

	(void)state;
	stack_wait(worker_is_seen, NULL, "the worker is seen");
	kill(p.pid, SIGUSR1);
	worker_await_words(&p, "debug lines on", 1);
	worker_subscribe("/ok/usr1");
	put_for_request("r-1");
	worker_await_words(&p, "dispatch: delivered", 1);
	message = t_sql(url, "SELECT id FROM outbox_messages");
	subscription = t_sql(url, "SELECT id FROM subscriptions");
	snprintf(text, sizeof(text),
	    "\"request_id\":\"r-1\",\"topic\":\"event.energy\","
	    "\"message_id\":\"%s\",\"subscription_id\":\"%s\","
	    "\"attempt\":1,\"status\":204,\"dur_ms\":",
	    message, subscription);
	assert_int_equal(worker_count_written(&p, text), 1);
	kill(p.pid, SIGUSR1);
	worker_await_words(&p, "debug lines off", 1);
	put_for_request("r-2");
	kill(p.pid, SIGTERM);
	assert_int_equal(worker_end(&p), 0);
	assert_int_equal(worker_count_written(&p, "r-2"), 0);
	/* Neither the payload nor the secret is logged. */
	assert_int_equal(worker_count_written(&p, "geheim"), 0);
	assert_int_equal(worker_count_written(&p, "MfKQ9r8GKYqrTwj"), 0);
	fclose(p.out);
	free(message);
	free(subscription);
}

static const struct CMUnitTest tests[] = {
	EMPTY(worker__sighup__what_is_under_way_ends_then_new_settings),
	EMPTY(worker__sighup_with_a_wrong_setting__goes_on),
	EMPTY(worker__sigterm_while_it_winds_up__stops),
	EMPTY(worker__sigusr1__debug_lines_of_each_delivery_and_off_again),
};

T_MAIN_WITH(tests, worker_open_all, worker_close_all)
