/* The program smartcity-worker: arguments, signals, sudden deaths. */
#include "t.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "clock.h"
#include "receiver.h"
#include "stack.h"

static const char *url;
static struct receiver receiver;

static int
open_database(void **state)
{
	(void)state;
	url = t_database();
	receiver_start(&receiver);
	return 0;
}

static int
close_database(void **state)
{
	(void)state;
	receiver_stop(&receiver);
	t_drop(url);
	return 0;
}

static int
empty(void **state)
{
	(void)state;
	t_exec(url,
	    "TRUNCATE outbox_messages, deliveries, delivery_attempts,"
	    " subscriptions, workers");
	return 0;
}

static void
subscribe(const char *path)
{
	t_exec(url,
	    "INSERT INTO subscriptions (id, topic, url, secret) VALUES"
	    " (gen_random_uuid(), 'event.*', 'http://127.0.0.1:%d%s',"
	    " 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')",
	    receiver.port, path);
}

/* An id of now: what looks old is forgotten once it is delivered. */
#define NEW_ID                                                                 \
	"(left(uuid_v7_floor(now())::text, 14) || '7'"                         \
	" || right(gen_random_uuid()::text, 21))::uuid"

static void
put(int n)
{
	t_exec(url,
	    "WITH m AS (INSERT INTO outbox_messages (id, topic, payload)"
	    " SELECT " NEW_ID ", 'event.energy', '{}'"
	    " FROM generate_series(1, %d) RETURNING id)"
	    " INSERT INTO deliveries (message_id, subscription_id)"
	    " SELECT m.id, s.id FROM m, subscriptions AS s",
	    n);
}

/* A worker whose output goes to a file that has no name. */
struct program {
	pid_t pid;
	FILE *out;
};

static struct program
start(const char *database, const char *argument)
{
	const char *build = getenv("TEST_BUILD");
	struct program p = { .out = tmpfile() };
	char path[256];

	assert_non_null(p.out);
	snprintf(path, sizeof(path), "%s/smartcity-worker",
	    build != NULL ? build : "build");
	p.pid = fork();
	if (p.pid != 0)
		return p;
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* a failed test leaves none */
	dup2(fileno(p.out), STDOUT_FILENO);
	dup2(fileno(p.out), STDERR_FILENO);
	setenv("DATABASE_URL", database, 1);
	setenv("OUTBOX_POLL_SECONDS", "0.05", 1);
	setenv("SMARTCITY_DELIVERY_ALLOW",
	    getenv("SMARTCITY_DELIVERY_ALLOW")
		? getenv("SMARTCITY_DELIVERY_ALLOW")
		: "loopback",
	    1);
	execl(path, path, argument, (char *)NULL);
	_exit(127);
}

static int
end(struct program *p)
{
	int status;

	assert_int_equal(waitpid(p->pid, &status, 0), p->pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* Whether what it wrote holds that text; ends it. */
static bool
wrote(struct program *p, const char *text)
{
	static char all[65536];
	size_t n;

	rewind(p->out);
	n = fread(all, 1, sizeof(all) - 1, p->out);
	all[n] = '\0';
	fclose(p->out);
	return strstr(all, text) != NULL;
}

static bool
is_all_delivered(void *arg)
{
	(void)arg;
	return t_number(url,
		   "SELECT count(*) FROM deliveries"
		   " WHERE status <> 'delivered'") == 0;
}

static bool
is_seen(void *arg)
{
	(void)arg;
	return t_number(url, "SELECT count(*) FROM workers") > 0;
}

static void
worker__messages_there__delivered(void **state)
{
	struct program p = start(url, NULL);

	(void)state;
	subscribe("/ok/there");
	put(250);
	stack_wait(is_all_delivered, NULL, "all are delivered");
	kill(p.pid, SIGTERM);
	assert_int_equal(end(&p), 0);
	assert_true(wrote(&p, "started"));
	assert_int_equal(receiver_count(&receiver, "/ok/there"), 250);
}

/*
 * Three at once, two of them killed now and then, each in the midst of its
 * work; what they had in hand comes up again when its lease ends.
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
	subscribe("/slow/30/kill");
	for (i = 0; i < 3; i++)
		p[i] = start(url, NULL);
	put(MESSAGES);
	for (i = 0; i < KILLS; i++) {
		struct program *victim = &p[i % 2];
		int64_t limit = clock_steady_ms() + 30000;

		while ((count = receiver_count(&receiver, "/slow/30/kill")) <
		    got + 100)
			if (poll(NULL, 0, 5) != 0 || clock_steady_ms() > limit)
				fail_msg("nothing arrives any more");
		got = count;
		kill(victim->pid, SIGKILL);
		assert_int_equal(end(victim), -SIGKILL);
		fclose(victim->out);
		*victim = start(url, NULL);
	}
	stack_wait(is_all_delivered, NULL, "all are delivered");
	for (i = 0; i < 3; i++) {
		kill(p[i].pid, SIGTERM);
		assert_int_equal(end(&p[i]), 0);
		fclose(p[i].out);
	}
	unsetenv("SMARTCITY_LEASE_SECONDS");
	unsetenv("SMARTCITY_DELIVERY_TIMEOUT");
	count = receiver_count(&receiver, "/slow/30/kill");
	assert_int_equal(
	    receiver_distinct(&receiver, "/slow/30/kill"), MESSAGES);
	print_message("%d kills, %d messages: %d delivered twice\n", KILLS,
	    MESSAGES, count - MESSAGES);
	/* The history knows of each attempt that was lost. */
	assert_true(t_number(url,
			"SELECT count(*) FROM delivery_attempts"
			" WHERE error = 'lost'") >= count - MESSAGES);
}

static void
stop_by(int sig)
{
	struct program p = start(url, NULL);
	int64_t before;

	stack_wait(is_seen, NULL, "the worker is seen");
	before = clock_steady_ms();
	kill(p.pid, sig);
	assert_int_equal(end(&p), 0);
	assert_true(clock_steady_ms() - before < 1000);
	assert_false(is_seen(NULL));
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

/* How often the text stands in what it wrote so far. */
static int
count_written(const struct program *p, const char *text)
{
	static char all[65536];
	ssize_t len = pread(fileno(p->out), all, sizeof(all) - 1, 0);
	const char *at = all;
	int n;

	all[len > 0 ? len : 0] = '\0';
	for (n = 0; (at = strstr(at, text)) != NULL; at++)
		n++;
	return n;
}

struct words {
	const struct program *p;
	const char *text;
	int n;
};

static bool
are_written(void *arg)
{
	const struct words *w = arg;

	return count_written(w->p, w->text) >= w->n;
}

static void
await_words(const struct program *p, const char *text, int n)
{
	struct words w = { p, text, n };

	stack_wait(are_written, &w, text);
}

static void
stop(struct program *p)
{
	kill(p->pid, SIGTERM);
	assert_int_equal(end(p), 0);
	fclose(p->out);
}

static bool
is_under_way(void *arg)
{
	return receiver_count(&receiver, arg) > 0;
}

/* A worker in a directory of its own, whose .env says so. */
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
	p = start(url, NULL);
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
	stack_wait(is_seen, NULL, "the worker is seen");
	subscribe(path);
	put(40); /* of which 16 may be under way */
	for (i = 1; i <= 2; i++) {
		stack_wait(is_under_way, path, "deliveries are under way");
		set_in(dir, "SMARTCITY_LOG_LEVEL=debug");
		kill(p.pid, i == 1 ? SIGHUP : SIGUSR2);
		await_words(&p, "starts anew", i);
		assert_true(is_seen(NULL));
		await_words(&p, " started", i + 1);
	}
	stack_wait(is_all_delivered, NULL, "all are delivered");
	await_words(&p, "dispatch: delivered", 1);
	assert_int_equal(receiver_count(&receiver, path), 40);
	assert_int_equal(
	    t_number(url, "SELECT sum(attempts) FROM deliveries"), 40);
	assert_int_equal(t_number(url, "SELECT count(*) FROM workers"), 1);
	stop(&p);
	remove_dir(dir);
}

static void
worker__sighup_with_a_wrong_setting__goes_on(void **state)
{
	char dir[] = "/tmp/smartcity-test.XXXXXX";
	struct program p = start_in(dir, "SMARTCITY_LOG_LEVEL=info");

	(void)state;
	stack_wait(is_seen, NULL, "the worker is seen");
	set_in(dir, "SMARTCITY_RETRY_SCHEDULE=soon");
	kill(p.pid, SIGHUP);
	await_words(&p, "--check failed", 1);
	assert_int_equal(count_written(&p, "SMARTCITY_RETRY_SCHEDULE: "), 1);
	subscribe("/ok/on");
	put(1);
	stack_wait(is_all_delivered, NULL, "it is delivered");
	assert_int_equal(count_written(&p, " started"), 1);
	stop(&p);
	remove_dir(dir);
}

static void
worker__sigterm_while_it_winds_up__stops(void **state)
{
	struct program p = start(url, NULL);
	int64_t before;

	(void)state;
	subscribe("/hang/term");
	put(1);
	stack_wait(is_under_way, "/hang/term", "a delivery is under way");
	before = clock_steady_ms();
	kill(p.pid, SIGHUP);
	kill(p.pid, SIGTERM);
	assert_int_equal(end(&p), 0);
	assert_true(clock_steady_ms() - before < 8000);
	assert_true(wrote(&p, "stopped by signal 15"));
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
	stack_wait(is_all_delivered, NULL, "it is delivered");
}

static void
worker__sigusr1__debug_lines_of_each_delivery_and_off_again(void **state)
{
	struct program p = start(url, NULL);
	char *message, *subscription, text[256];

	(void)state;
	stack_wait(is_seen, NULL, "the worker is seen");
	kill(p.pid, SIGUSR1);
	await_words(&p, "debug lines on", 1);
	subscribe("/ok/usr1");
	put_for_request("r-1");
	await_words(&p, "dispatch: delivered", 1);
	message = t_sql(url, "SELECT id FROM outbox_messages");
	subscription = t_sql(url, "SELECT id FROM subscriptions");
	snprintf(text, sizeof(text),
	    "\"request_id\":\"r-1\",\"topic\":\"event.energy\","
	    "\"message_id\":\"%s\",\"subscription_id\":\"%s\","
	    "\"attempt\":1,\"status\":204,\"dur_ms\":",
	    message, subscription);
	assert_int_equal(count_written(&p, text), 1);
	kill(p.pid, SIGUSR1);
	await_words(&p, "debug lines off", 1);
	put_for_request("r-2");
	kill(p.pid, SIGTERM);
	assert_int_equal(end(&p), 0);
	assert_int_equal(count_written(&p, "r-2"), 0);
	/* Neither what was sent nor what signs it. */
	assert_int_equal(count_written(&p, "geheim"), 0);
	assert_int_equal(count_written(&p, "MfKQ9r8GKYqrTwj"), 0);
	fclose(p.out);
	free(message);
	free(subscription);
}

static void
worker__delivery_fails__line_says_whose_it_is(void **state)
{
	struct program p;
	char *message;

	(void)state;
	setenv("OUTBOX_MAX_ATTEMPTS", "2", 1);
	setenv("SMARTCITY_RETRY_SCHEDULE", "0,0.1", 1);
	p = start(url, NULL);
	unsetenv("OUTBOX_MAX_ATTEMPTS");
	unsetenv("SMARTCITY_RETRY_SCHEDULE");
	subscribe("/status/500/fails");
	put(1);
	await_words(&p, "\"msg\":\"dispatch: again in ", 1);
	await_words(&p,
	    "\"msg\":\"dispatch: failed for good: http: answered 500\","
	    "\"topic\":\"event.energy\",\"message_id\":\"",
	    1);
	message = t_sql(url, "SELECT id FROM outbox_messages");
	assert_int_equal(count_written(&p, message), 2);
	stop(&p);
	free(message);
}

/* A name that people gave, and a URL that nobody shall read in a log. */
static void
describe(const char *path, const char *description)
{
	subscribe(path);
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
	assert_int_equal(count_written(p, path), 0);
	assert_int_equal(count_written(p, "geheim"), 0);
}

static void
worker__delivery_fails__line_names_its_receiver(void **state)
{
	struct program p;

	(void)state;
	setenv("OUTBOX_MAX_ATTEMPTS", "2", 1);
	setenv("SMARTCITY_RETRY_SCHEDULE", "0,0.1", 1);
	p = start(url, NULL);
	unsetenv("OUTBOX_MAX_ATTEMPTS");
	unsetenv("SMARTCITY_RETRY_SCHEDULE");
	describe("/status/500/named", "The \"fire\" brigade");
	put(1);
	await_words(&p, "dispatch: failed for good: ", 1);
	assert_int_equal(
	    count_written(&p, KNOWN_AS("The \\\"fire\\\" brigade")), 2);
	expect_no_secret(&p, "/status/500");
	stop(&p);
}

static void
worker__410__said_to_be_disabled_and_held_not_again(void **state)
{
	struct program p = start(url, NULL);

	(void)state;
	describe("/gone/told", "Gone for good");
	put(1);
	await_words(&p,
	    "\"msg\":\"dispatch: held, its subscription is disabled: http: "
	    "answered 410\"",
	    1);
	assert_int_equal(
	    count_written(&p, "dispatch: subscription disabled: "), 1);
	assert_int_equal(count_written(&p, "again in"), 0);
	assert_int_equal(count_written(&p, KNOWN_AS("Gone for good")), 2);
	expect_no_secret(&p, "/gone");
	stop(&p);
}

/* The tenth failure in a row is the one that opens it. */
static void
worker__breaker_opens__said_to_be_held_not_again(void **state)
{
	struct program p = start(url, NULL);

	(void)state;
	describe("/status/503/told", "Broken");
	t_exec(url, "UPDATE subscriptions SET failures = 9");
	put(1);
	await_words(&p,
	    "\"msg\":\"dispatch: held, its breaker is open for 30 s: http: "
	    "answered 503\"",
	    1);
	assert_int_equal(count_written(&p,
			     "dispatch: breaker open for 30 s: its receiver "
			     "failed 10 times in a row"),
	    1);
	assert_int_equal(count_written(&p, "again in"), 0);
	assert_int_equal(count_written(&p, KNOWN_AS("Broken")), 2);
	expect_no_secret(&p, "/status/503");
	stop(&p);
}

static void
worker__paused_meanwhile__said_to_be_held(void **state)
{
	struct program p;

	(void)state;
	setenv("SMARTCITY_DELIVERY_TIMEOUT", "2", 1);
	p = start(url, NULL);
	unsetenv("SMARTCITY_DELIVERY_TIMEOUT");
	describe("/hang/paused", "Asleep");
	put(1);
	stack_wait(is_under_way, "/hang/paused", "it is under way");
	t_exec(url, "UPDATE subscriptions SET paused = true");
	await_words(&p, "dispatch: held, its subscription is paused: ", 1);
	assert_int_equal(count_written(&p, "again in"), 0);
	stop(&p);
}

static void
worker__connection_cut__comes_back(void **state)
{
	struct program p = start(url, NULL);

	(void)state;
	stack_wait(is_seen, NULL, "the worker is seen");
	t_exec(url,
	    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE"
	    " datname = current_database() AND pid <> pg_backend_pid()");
	subscribe("/ok/again");
	put(1);
	stack_wait(is_all_delivered, NULL, "it is delivered");
	kill(p.pid, SIGTERM);
	assert_int_equal(end(&p), 0);
	fclose(p.out);
}

/* This host is two hours behind the database for a while. */
static void
worker__clock_wrong__warned_of_once_and_again_when_it_is_right(void **state)
{
	char *moved = t_moved_clock(url);
	struct program p;

	(void)state;
	t_pass(url, "2 hours");
	p = start(moved, NULL);
	await_words(&p, "clock: this host is 7200 s behind the database", 1);
	t_exec(url,
	    "UPDATE fake.clock SET ahead = '0';"
	    "UPDATE workers SET last_seen_at = now()");
	await_words(&p, "agrees with the database again", 1);
	assert_int_equal(count_written(&p, "\"msg\":\"clock: "), 2);
	stop(&p);
	free(moved);
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
	struct program p = start("postgresql:///x?host=/nonexistent", NULL);
	int64_t before;

	(void)state;
	stack_wait(has_complained, &p, "the worker complains");
	assert_int_equal(waitpid(p.pid, NULL, WNOHANG), 0);
	before = clock_steady_ms();
	kill(p.pid, SIGTERM);
	assert_int_equal(end(&p), 0);
	assert_true(clock_steady_ms() - before < 1000);
	assert_true(wrote(&p, "cannot connect"));
}

static int
ask_alive(const char *database)
{
	struct program p = start(database, "--alive");
	int status = end(&p);

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
	p = start(url, NULL);
	stack_wait(is_alive, NULL, "the worker is alive");
	kill(p.pid, SIGKILL);
	assert_int_equal(end(&p), -SIGKILL);
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
		p = start(url, NULL);
		unsetenv(rows[i][0]);
		assert_int_equal(end(&p), EX_CONFIG);
		assert_true(wrote(&p, rows[i][0]));
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
		p = start(url, rows[i].argument);
		assert_int_equal(end(&p), rows[i].code);
		assert_true(wrote(&p, rows[i].text));
	}
}

#define EMPTY(test) cmocka_unit_test_setup(test, empty)

static const struct CMUnitTest tests[] = {
	EMPTY(worker__messages_there__delivered),
	EMPTY(worker__killed_twenty_times__all_arrive_under_their_ids),
	EMPTY(worker__stop_signal__gone_within_a_second),
	EMPTY(worker__sighup__what_is_under_way_ends_then_new_settings),
	EMPTY(worker__sighup_with_a_wrong_setting__goes_on),
	EMPTY(worker__sigterm_while_it_winds_up__stops),
	EMPTY(worker__sigusr1__debug_lines_of_each_delivery_and_off_again),
	EMPTY(worker__delivery_fails__line_says_whose_it_is),
	EMPTY(worker__delivery_fails__line_names_its_receiver),
	EMPTY(worker__410__said_to_be_disabled_and_held_not_again),
	EMPTY(worker__breaker_opens__said_to_be_held_not_again),
	EMPTY(worker__paused_meanwhile__said_to_be_held),
	EMPTY(worker__connection_cut__comes_back),
	EMPTY(worker__clock_wrong__warned_of_once_and_again_when_it_is_right),
	EMPTY(worker__asked_whether_it_is_alive__only_while_it_is_seen),
	EMPTY(worker__database_away__waits_and_stops_when_told),
	EMPTY(worker__wrong_settings__exit_78_and_one_line),
	EMPTY(worker__arguments__answered),
};

T_MAIN_WITH(tests, open_database, close_database)
