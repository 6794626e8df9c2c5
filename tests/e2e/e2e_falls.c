/*
 * Programs that `make run` started are killed, the private PostgreSQL as well:
 * nginx/run starts them again and says so, and the stack works as before.
 */
#include "t.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "clock.h"
#include "http.h"
#include "shell.h"
#include "stack.h"

enum {
	STOP_MS = 10000
};

static struct stack s;

static int
setup(void **state)
{
	/* Without a URL, nginx/run makes a private database. */
	static const char *const settings[] = { "DATABASE_URL=",
		"SMARTCITY_PROCESSES=2", "OUTBOX_POLL_SECONDS=0.1", NULL };

	(void)state;
	stack_start(&s, settings);
	shell_begin("cd %s || exit", s.dir);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	if (s.pid > 0)
		stack_stop(&s);
	return 0;
}

static bool
is_said(void *line)
{
	return shell("grep -q '^run: %s' run.log", (const char *)line) == 0;
}

static void
await_said(const char *line)
{
	stack_wait(is_said, (void *)(uintptr_t)line, line);
}

static bool
is_stored(void *arg)
{
	struct http h = http_post(s.port, "/ingest/weather", "{}");
	int status = h.status;

	(void)arg;
	http_free(&h);
	return status == 200;
}

static void
forget_output(void)
{
	shell_must(": >run.log");
}

static void
kill_and_await(const char *name, const char *called)
{
	int pid = stack_pid(&s, name);
	char line[128];

	forget_output();
	assert_true(is_stored(NULL));
	assert_int_equal(kill(pid, SIGKILL), 0);
	snprintf(line, sizeof(line),
	    "%s was killed by SIGKILL; started again at once; see .*/%s.log",
	    called, name);
	await_said(line);
	snprintf(line, sizeof(line), "%s was started again", called);
	await_said(line);
	assert_int_not_equal(stack_pid(&s, name), pid);
	stack_wait(is_stored, NULL, "an event is stored");
	stack_wait_status(&s, "/ready", 200);
	/* No other program was started again. */
	shell_must("test $(grep -c 'started again;\\|started again at\\|"
		   "started again in' run.log) = 1");
}

static bool
is_over(void *pid)
{
	return kill(*(int *)pid, 0) != 0;
}

static void
worker__killed__started_again(void **state)
{
	(void)state;
	kill_and_await("worker", "the worker");
}

static void
pool__master_killed__started_again_without_the_old_responders(void **state)
{
	int old = stack_child(stack_pid(&s, "fcgi"), 0);

	(void)state;
	kill_and_await("fcgi", "the pool");
	stack_wait(is_over, &old, "the old responder is gone");
	shell_must("test -S run/sockets/status.sock");
}

static void
nginx__master_killed__started_again_without_the_old_workers(void **state)
{
	int old = stack_child(stack_pid(&s, "nginx"), 0);

	(void)state;
	kill_and_await("nginx", "nginx");
	stack_wait(is_over, &old, "nginx's old worker is gone");
}

static void
postgres__killed__started_again_and_all_connect_anew(void **state)
{
	int pool = stack_pid(&s, "fcgi"), worker = stack_pid(&s, "worker");

	(void)state;
	kill_and_await("postgres", "PostgreSQL");
	assert_int_equal(stack_pid(&s, "fcgi"), pool);
	assert_int_equal(stack_pid(&s, "worker"), worker);
}

static void
postgres__stopped_by_somebody__started_again(void **state)
{
	(void)state;
	forget_output();
	assert_int_equal(kill(stack_pid(&s, "postgres"), SIGINT), 0);
	await_said("PostgreSQL ended with status 0; started again "
		   "\\(at once\\|in 1 s\\)");
	stack_wait(is_stored, NULL, "an event is stored");
}

static void
all__killed_at_the_same_time__all_started_again(void **state)
{
	static const char *const names[] = { "postgres", "nginx", "fcgi",
		"worker" };
	int pids[4], i;

	(void)state;
	forget_output();
	for (i = 0; i < 4; i++)
		pids[i] = stack_pid(&s, names[i]);
	for (i = 0; i < 4; i++)
		assert_int_equal(kill(pids[i], SIGKILL), 0);
	await_said("PostgreSQL was started again");
	await_said("nginx was started again");
	await_said("the pool was started again");
	await_said("the worker was started again");
	stack_wait(is_stored, NULL, "an event is stored");
	stack_wait_status(&s, "/ready", 200);
}

static bool
says(const char *target, int status, const char *text)
{
	struct http h = http_get(s.port, target);
	bool does = h.status == status && strstr(h.body, text) != NULL;

	http_free(&h);
	return does;
}

static bool
is_without_database(void *arg)
{
	(void)arg;
	return says("/ready", 503, "database: ") &&
	    says("/metrics", 200, "smartcity_database_up 0\n");
}

/* Documented in nginx/prometheus/README.md, "What is wrong?". */
static void
postgres__cannot_start__seen_as_documented_until_it_can(void **state)
{
	(void)state;
	forget_output();
	shell_must("mv postgres/PG_VERSION kept");
	assert_int_equal(kill(stack_pid(&s, "postgres"), SIGKILL), 0);
	await_said("PostgreSQL ended with status 1; started again in");
	stack_wait(is_without_database, NULL, "the database is gone");
	shell_must("grep -q 'db: cannot connect: ' log/fcgi.log");
	shell_must("mv kept postgres/PG_VERSION");
	stack_wait(is_stored, NULL, "an event is stored");
	stack_wait_status(&s, "/ready", 200);
}

static bool
is_without_pool(void *arg)
{
	(void)arg;
	return says("/ready", 502, "detail") && says("/status", 502, "detail");
}

static void
pool__cannot_start__seen_as_documented_until_it_can(void **state)
{
	(void)state;
	forget_output();
	shell_must("mv run/smartcity-fcgi kept && "
		   "printf '#!/bin/sh\\nexit 3\\n' >run/smartcity-fcgi && "
		   "chmod 755 run/smartcity-fcgi");
	assert_int_equal(kill(stack_pid(&s, "fcgi"), SIGKILL), 0);
	await_said("the pool ended with status 3; started again in");
	stack_wait(is_without_pool, NULL, "nginx answers for the pool");
	shell_must("mv -f kept run/smartcity-fcgi");
	stack_wait(is_stored, NULL, "an event is stored");
}

static void
spoil_worker(void)
{
	shell_must("cp run/smartcity-worker kept && "
		   "printf '#!/bin/sh\\nexit 3\\n' >run/new && "
		   "chmod 755 run/new && mv run/new run/smartcity-worker");
	forget_output();
	assert_int_equal(kill(stack_pid(&s, "worker"), SIGKILL), 0);
}

static void
program__ends_at_once_each_time__longer_pauses_until_a_reload(void **state)
{
	(void)state;
	spoil_worker();
	await_said("the worker ended with status 3; started again in 4 s");
	await_said("the worker ended with status 3; started again in 8 s");
	/* One line for each fall, one for each start. */
	assert_true(shell("exit $(grep -c '^run:' run.log)") <= 10);
	assert_true(is_stored(NULL));
	shell_must("DATA_DIR=. \"$OLDPWD/nginx/reload\" | grep -qx reloaded");
	shell_must("test /proc/$(cat run/worker.pid)/exe -ef "
		   "run/smartcity-worker");
}

static bool
is_over_now(void *arg)
{
	int status;

	(void)arg;
	if (waitpid(s.pid, &status, WNOHANG) != s.pid)
		return false;
	assert_int_equal(status, 0);
	return true;
}

/* The last test, because it ends the stack. */
static void
run__ended_while_something_is_to_be_started_again__nothing_left(void **state)
{
	int64_t began;

	(void)state;
	spoil_worker();
	await_said("the worker ended with status 3; started again in 4 s");
	began = clock_steady_ms();
	assert_int_equal(kill(s.pid, SIGTERM), 0);
	stack_wait(is_over_now, NULL, "nginx/run has stopped");
	assert_true(clock_steady_ms() - began < STOP_MS);
	shell_must("test ! -e run && test -z \"$(find /proc/[0-9]* "
		   "-maxdepth 1 -name cwd -lname \"$PWD/*\" "
		   "2>/dev/null)\"");
	shell_must("cd / && rm -rf \"$OLDPWD\"");
	t_drop(s.url);
	s.pid = 0;
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(worker__killed__started_again),
	cmocka_unit_test(
	    pool__master_killed__started_again_without_the_old_responders),
	cmocka_unit_test(
	    nginx__master_killed__started_again_without_the_old_workers),
	cmocka_unit_test(postgres__killed__started_again_and_all_connect_anew),
	cmocka_unit_test(postgres__stopped_by_somebody__started_again),
	cmocka_unit_test(all__killed_at_the_same_time__all_started_again),
	cmocka_unit_test(
	    postgres__cannot_start__seen_as_documented_until_it_can),
	cmocka_unit_test(pool__cannot_start__seen_as_documented_until_it_can),
	cmocka_unit_test(
	    program__ends_at_once_each_time__longer_pauses_until_a_reload),
	cmocka_unit_test(
	    run__ended_while_something_is_to_be_started_again__nothing_left),
};

T_MAIN_WITH(tests, setup, teardown)
