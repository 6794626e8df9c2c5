/* The program smartcity-worker: arguments, signals, delivery to stdout. */
#include "t.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "clock.h"
#include "stack.h"

static const char *url;

static int
open_database(void **state)
{
	(void)state;
	url = t_database();
	return 0;
}

static int
close_database(void **state)
{
	(void)state;
	t_drop(url);
	return 0;
}

static int
empty(void **state)
{
	(void)state;
	t_exec(url, "TRUNCATE outbox_messages, workers");
	return 0;
}

static void
put(int n)
{
	t_exec(url,
	    "INSERT INTO outbox_messages (id, event_id, topic, payload)"
	    " SELECT gen_random_uuid(), gen_random_uuid(), 'event.energy',"
	    "  '{}' FROM generate_series(1, %d)",
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
is_all_sent(void *arg)
{
	(void)arg;
	return t_number(url,
		   "SELECT count(*) FROM outbox_messages"
		   " WHERE status <> 'sent'") == 0;
}

static bool
is_seen(void *arg)
{
	(void)arg;
	return t_number(url, "SELECT count(*) FROM workers") > 0;
}

static void
worker__messages_there__written_as_lines(void **state)
{
	struct program p = start(url, NULL);

	(void)state;
	put(250);
	stack_wait(is_all_sent, NULL, "all are sent");
	kill(p.pid, SIGTERM);
	assert_int_equal(end(&p), 0);
	assert_true(wrote(&p, "{\"topic\":\"event.energy\",\"id\":\""));
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

static void
worker__sighup__works_on(void **state)
{
	struct program p = start(url, NULL);

	(void)state;
	stack_wait(is_seen, NULL, "the worker is seen");
	kill(p.pid, SIGHUP);
	put(1);
	stack_wait(is_all_sent, NULL, "all are sent");
	kill(p.pid, SIGTERM);
	assert_int_equal(end(&p), 0);
	fclose(p.out);
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
	put(1);
	stack_wait(is_all_sent, NULL, "all are sent");
	kill(p.pid, SIGTERM);
	assert_int_equal(end(&p), 0);
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

static void
worker__wrong_setting__exit_78_and_one_line(void **state)
{
	struct program p;

	(void)state;
	setenv("OUTBOX_BATCH_SIZE", "many", 1);
	p = start(url, NULL);
	unsetenv("OUTBOX_BATCH_SIZE");
	assert_int_equal(end(&p), EX_CONFIG);
	assert_true(wrote(&p, "OUTBOX_BATCH_SIZE"));
}

static void
worker__unknown_sink__exit_78_and_one_line(void **state)
{
	struct program p;

	(void)state;
	setenv("SMARTCITY_SINK", "carrier-pigeon", 1);
	p = start(url, NULL);
	unsetenv("SMARTCITY_SINK");
	assert_int_equal(end(&p), EX_CONFIG);
	assert_true(wrote(&p, "no sink carrier-pigeon, only log\n"));
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
	EMPTY(worker__messages_there__written_as_lines),
	EMPTY(worker__stop_signal__gone_within_a_second),
	EMPTY(worker__sighup__works_on),
	EMPTY(worker__connection_cut__comes_back),
	EMPTY(worker__database_away__waits_and_stops_when_told),
	EMPTY(worker__wrong_setting__exit_78_and_one_line),
	EMPTY(worker__unknown_sink__exit_78_and_one_line),
	EMPTY(worker__arguments__answered),
};

T_MAIN_WITH(tests, open_database, close_database)
