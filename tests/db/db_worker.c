/*
 * The worker as a process: deliveries, stops, exit statuses.
 */
#include "t.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "clock.h"
#include "receiver.h"
#include "stack.h"
#include "worker_process.h"

static void
worker__messages_there__delivered(void **state)
{
	struct program p = worker_start(url, NULL);

	(void)state;
	worker_subscribe("/ok/there");
	worker_put(250);
	stack_wait(worker_is_all_delivered, NULL, "all are delivered");
	kill(p.pid, SIGTERM);
	assert_int_equal(worker_end(&p), 0);
	assert_true(worker_wrote(&p, "started"));
	assert_int_equal(receiver_count(&worker_receiver, "/ok/there"), 250);
}

/*
 * Three workers, two of which are killed now and then in the midst of work;
 * their deliveries are retried when the leases end.
 */
static void
worker__killed_twenty_times__all_arrive_under_their_ids(void **state)
{
	enum {
		MESSAGES = 5000,
		KILLS = 20
	};
	struct program p[3];
	int i, got = 0, count;

	(void)state;
	setenv("SMARTCITY_LEASE_SECONDS", "4", 1);
	setenv("SMARTCITY_DELIVERY_TIMEOUT", "2", 1);
	worker_subscribe("/slow/30/kill");
	for (i = 0; i < 3; i++)
		p[i] = worker_start(url, NULL);
	worker_put(MESSAGES);
	for (i = 0; i < KILLS; i++) {
		struct program *victim = &p[i % 2];
		int64_t limit = clock_steady_ms() + 30000;

		while ((count = receiver_count(
			    &worker_receiver, "/slow/30/kill")) < got + 100)
			if (poll(NULL, 0, 5) != 0 || clock_steady_ms() > limit)
				fail_msg("nothing arrives any more");
		got = count;
		kill(victim->pid, SIGKILL);
		assert_int_equal(worker_end(victim), -SIGKILL);
		fclose(victim->out);
		*victim = worker_start(url, NULL);
	}
	stack_wait(worker_is_all_delivered, NULL, "all are delivered");
	for (i = 0; i < 3; i++) {
		kill(p[i].pid, SIGTERM);
		assert_int_equal(worker_end(&p[i]), 0);
		fclose(p[i].out);
	}
	unsetenv("SMARTCITY_LEASE_SECONDS");
	unsetenv("SMARTCITY_DELIVERY_TIMEOUT");
	count = receiver_count(&worker_receiver, "/slow/30/kill");
	assert_int_equal(
	    receiver_distinct(&worker_receiver, "/slow/30/kill"), MESSAGES);
	print_message("%d kills, %d messages: %d delivered twice\n", KILLS,
	    MESSAGES, count - MESSAGES);
	/* The history has each attempt that was lost. */
	assert_true(t_number(url,
			"SELECT count(*) FROM delivery_attempts"
			" WHERE error = 'lost'") >= count - MESSAGES);
}

static void
stop_by(int sig)
{
	struct program p = worker_start(url, NULL);
	int64_t before;

	stack_wait(worker_is_seen, NULL, "the worker is seen");
	before = clock_steady_ms();
	kill(p.pid, sig);
	assert_int_equal(worker_end(&p), 0);
	assert_true(clock_steady_ms() - before < 1000);
	assert_false(worker_is_seen(NULL));
	fclose(p.out);
}

static void
worker__stop_signal__gone_within_a_second(void **state)
{
	(void)state;
	stop_by(SIGTERM);
	stop_by(SIGINT);
	stop_by(SIGQUIT);
}

static void
worker__connection_cut__comes_back(void **state)
{
	struct program p = worker_start(url, NULL);

	(void)state;
	stack_wait(worker_is_seen, NULL, "the worker is seen");
	t_exec(url,
	    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE"
	    " datname = current_database() AND pid <> pg_backend_pid()");
	worker_subscribe("/ok/again");
	worker_put(1);
	stack_wait(worker_is_all_delivered, NULL, "it is delivered");
	kill(p.pid, SIGTERM);
	assert_int_equal(worker_end(&p), 0);
	fclose(p.out);
}

static bool
has_complained(void *arg)
{
	struct program *p = arg;

	return lseek(fileno(p->out), 0, SEEK_END) > 300;
}

static void
worker__database_away__waits_and_stops_when_told(void **state)
{
	struct program p =
	    worker_start("postgresql:///x?host=/nonexistent", NULL);
	int64_t before;

	(void)state;
	stack_wait(has_complained, &p, "the worker complains");
	assert_int_equal(waitpid(p.pid, NULL, WNOHANG), 0);
	before = clock_steady_ms();
	kill(p.pid, SIGTERM);
	assert_int_equal(worker_end(&p), 0);
	assert_true(clock_steady_ms() - before < 1000);
	assert_true(worker_wrote(&p, "cannot connect"));
}

static int
ask_alive(const char *to)
{
	struct program p = worker_start(to, "--alive");
	int status = worker_end(&p);

	fclose(p.out);
	return status;
}

static bool
is_alive(void *arg)
{
	(void)arg;
	return ask_alive(url) == 0;
}

static void
worker__asked_whether_it_is_alive__only_while_it_is_seen(void **state)
{
	struct program p;

	(void)state;
	t_exec(url, "INSERT INTO workers VALUES ('elsewhere:1', now(), now())");
	assert_int_equal(ask_alive(url), 1);
	assert_int_equal(ask_alive("postgresql:///x?host=/nonexistent"), 1);
	p = worker_start(url, NULL);
	stack_wait(is_alive, NULL, "the worker is alive");
	kill(p.pid, SIGKILL);
	assert_int_equal(worker_end(&p), -SIGKILL);
	t_exec(url,
	    "UPDATE workers SET last_seen_at = now() - interval '31 s'"
	    " WHERE name <> 'elsewhere:1'");
	assert_int_equal(ask_alive(url), 1);
	fclose(p.out);
}

static void
worker__wrong_settings__exit_78_and_one_line(void **state)
{
	static const char *const rows[][2] = {
		{ "OUTBOX_BATCH_SIZE", "many" },
		{ "SMARTCITY_RETRY_SCHEDULE", "0,soon" },
		{ "SMARTCITY_LEASE_SECONDS", "10" },
		{ "SMARTCITY_DELIVERY_ALLOW", "10.0.0.0/33" },
	};
	struct program p;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		setenv(rows[i][0], rows[i][1], 1);
		p = worker_start(url, NULL);
		unsetenv(rows[i][0]);
		assert_int_equal(worker_end(&p), EX_CONFIG);
		assert_true(worker_wrote(&p, rows[i][0]));
	}
}

static void
worker__arguments__answered(void **state)
{
	static const struct {
		const char *argument, *text;
		int code;
	} rows[] = {
		{ "--help", "OUTBOX_BATCH_SIZE", 0 },
		{ "--version", "smartcity-worker ", 0 },
		{ "--config", "OUTBOX_POLL_SECONDS=0.05", 0 },
		{ "--check", "", 0 },
		{ "--help", "SIGUSR1", 0 },
		{ "--what", "Usage:", EX_USAGE },
		{ "what", "Usage:", EX_USAGE },
	};
	struct program p;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		p = worker_start(url, rows[i].argument);
		assert_int_equal(worker_end(&p), rows[i].code);
		assert_true(worker_wrote(&p, rows[i].text));
	}
}

static const struct CMUnitTest tests[] = {
	EMPTY(worker__messages_there__delivered),
	EMPTY(worker__killed_twenty_times__all_arrive_under_their_ids),
	EMPTY(worker__stop_signal__gone_within_a_second),
	EMPTY(worker__connection_cut__comes_back),
	EMPTY(worker__asked_whether_it_is_alive__only_while_it_is_seen),
	EMPTY(worker__database_away__waits_and_stops_when_told),
	EMPTY(worker__wrong_settings__exit_78_and_one_line),
	EMPTY(worker__arguments__answered),
};

T_MAIN_WITH(tests, worker_open_all, worker_close_all)
