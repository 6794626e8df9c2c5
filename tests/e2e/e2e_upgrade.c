/*
 * The changes that operators make while the service runs: reload and binary
 * upgrade of the pool, reload of nginx, migrations, restart of a worker. None
 * of the UPGRADE_RATE requests a second may fail meanwhile.
 */
#include "t.h"

#include <libpq-fe.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "http.h"
#include "load.h"
#include "query.h"
#include "receiver.h"
#include "shell.h"
#include "stack.h"

enum {
	CREW_MAX = 64,
	RATE = 60,
	SECONDS = 1
};

static struct stack s;
static struct receiver receiver;
/* The directory of the programs started first, and of the next schema. */
static char bin[] = "/tmp/smartcity-test.XXXXXX";
/* The programs in use: nginx/run's copies. */
static char in_use[80];
static int seconds;

static int
number(const char *name, int otherwise)
{
	const char *value = getenv(name);

	return value != NULL ? atoi(value) : otherwise;
}

/* By rename, as package managers do: running processes keep the old file. */
static void
install(const char *from, const char *program, const char *to)
{
	shell_must("cp \"$TEST_BUILD\"/%s/%s %s/.new && mv %s/.new %s/%s", from,
	    program, to, to, to, program);
}

static int
setup(void **state)
{
	static char where[64];
	const char *const settings[] = { where, "SMARTCITY_PROCESSES=4",
		"SMARTCITY_DELIVERY_ALLOW=loopback", NULL };
	char body[128];
	struct http h;

	(void)state;
	seconds = number("UPGRADE_SECONDS", SECONDS);
	assert_non_null(mkdtemp(bin));
	chmod(bin, 0755);
	shell_must("cp -r \"$TEST_BUILD\"/www %s", bin);
	install(".", "smartcity-fcgi", bin);
	install(".", "smartcity-worker", bin);
	snprintf(where, sizeof(where), "BUILD=%s", bin);
	receiver_start(&receiver);
	stack_start(&s, settings);
	snprintf(in_use, sizeof(in_use), "%s/run", s.dir);
	snprintf(body, sizeof(body),
	    "{\"topic\":\"event.*\",\"url\":\"http://127.0.0.1:%d/ok/all\"}",
	    receiver.port);
	h = http_post(s.port, "/subscriptions", body);
	assert_int_equal(h.status, 201);
	http_free(&h);
	load_start(s.port, number("UPGRADE_RATE", RATE));
	load_go_on(seconds);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	stack_stop(&s);
	receiver_stop(&receiver);
	shell_must("rm -r %s", bin);
	return 0;
}

/* Ends a phase: asserts that no request fails until `seconds` later. */
static void
assert_none_failed(void)
{
	const char *first;

	load_go_on(seconds);
	if (load_failed(&first) > 0)
		fail_msg(
		    "%ld failed, the first: %s", load_failed(&first), first);
}

/* The children that a process had at a moment. */
struct crew {
	int master, n, pids[CREW_MAX];
};

static struct crew
crew_of(const char *name)
{
	struct crew c = { .master = stack_pid(&s, name) };

	while (
	    c.n < CREW_MAX && (c.pids[c.n] = stack_child(c.master, c.n)) != 0)
		c.n++;
	assert_true(c.n > 0);
	return c;
}

static bool
is_replaced(void *arg)
{
	const struct crew *c = arg;
	int i, k, pid;

	for (i = 0; (pid = stack_child(c->master, i)) != 0; i++)
		for (k = 0; k < c->n; k++)
			if (pid == c->pids[k])
				return false;
	return i >= c->n;
}

static void
reload(const char *name, int sig)
{
	struct crew before = crew_of(name);

	assert_int_equal(kill(before.master, sig), 0);
	stack_wait(is_replaced, &before, name);
	assert_int_equal(kill(before.master, 0), 0);
}

static bool
fires_at_three(void *arg)
{
	struct http h = http_post(
	    s.port, "/ingest/energy", J("{'energy':3,'neighborhood':'probe'}"));
	bool fires = strstr(h.body, "\"derived_events\":[\"") != NULL;

	(void)arg;
	assert_int_equal(h.status, 200);
	http_free(&h);
	return fires;
}

static void
pool__reloaded_with_another_setting__no_request_fails(void **state)
{
	(void)state;
	load_phase("pool: reload, setting");
	assert_false(fires_at_three(NULL));
	shell_must("echo THRESHOLD_KWH=2 >%s/run/.env", s.dir);
	reload("fcgi", SIGHUP);
	assert_true(fires_at_three(NULL));
	reload("fcgi", SIGUSR2);
	assert_none_failed();
}

/* Whether a process runs the file that is on disk now. */
static bool
runs_from_disk(int pid, const char *program)
{
	char path[128];
	struct stat is, on_disk;

	snprintf(path, sizeof(path), "%s/%s", in_use, program);
	assert_int_equal(stat(path, &on_disk), 0);
	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	return stat(path, &is) == 0 && is.st_ino == on_disk.st_ino &&
	    is.st_dev == on_disk.st_dev;
}

static void
pool__upgraded_to_another_build__it_serves_and_no_request_fails(void **state)
{
	struct crew now;
	int i;

	(void)state;
	load_phase("pool: binary upgrade");
	shell_must("! %s/smartcity-fcgi --version | grep -q ' next,'", in_use);
	install("tests/next", "smartcity-fcgi", in_use);
	shell_must("%s/smartcity-fcgi --version | grep -q ' next,'", in_use);
	assert_false(runs_from_disk(stack_pid(&s, "fcgi"), "smartcity-fcgi"));
	reload("fcgi", SIGHUP);
	now = crew_of("fcgi");
	assert_true(runs_from_disk(now.master, "smartcity-fcgi"));
	for (i = 0; i < now.n; i++)
		assert_true(runs_from_disk(now.pids[i], "smartcity-fcgi"));
	assert_none_failed();
}

static void
nginx__reloaded_with_another_configuration__no_request_fails(void **state)
{
	(void)state;
	load_phase("nginx: reload, configuration");
	stack_wait_status(&s, "/next", 404);
	shell_must(
	    "sed -i 's|location / {|location = /next { return 200; } &|' "
	    "%s/nginx/nginx.conf",
	    s.dir);
	reload("nginx", SIGHUP);
	stack_wait_status(&s, "/next", 200);
	assert_none_failed();
}

static pid_t
start(const char *fmt, const char *verb)
{
	char line[256];
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	setenv("DATABASE_URL", s.url, 1);
	setenv("SMARTCITY_DELIVERY_ALLOW", "loopback", 1);
	snprintf(line, sizeof(line), "exec %s/%s %s >>%s/start.log 2>&1", bin,
	    fmt, verb, bin);
	execl("/bin/sh", "sh", "-c", line, (char *)NULL);
	_exit(127);
}

static void
assert_ends_well(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (status != 0) {
		shell_must("cat %s/start.log >&2", bin);
		fail_msg("status %#x", status);
	}
}

static bool
has_waited(void *arg)
{
	char line[128];

	(void)arg;
	snprintf(line, sizeof(line),
	    "grep -q 'waiting for a lock' %s/start.log", bin);
	return system(line) == 0;
}

static void
schema__migrated_behind_a_long_reader__no_request_fails(void **state)
{
	PGconn *reader = PQconnectdb(s.url);
	char back[64];
	pid_t pid;

	(void)state;
	load_phase("migration: up, down, up");
	shell_must("tests/next-schema %s/sql", bin);
	PQclear(PQexec(reader, "BEGIN"));
	PQclear(PQexec(reader, "SELECT count(*) FROM events"));
	pid = start("sql/migrate", "deploy");
	stack_wait(has_waited, NULL, "the migration waits for a lock");
	PQfinish(reader);
	assert_ends_well(pid);
	stack_wait_status(&s, "/ready", 200);
	snprintf(back, sizeof(back), "down --to %s", query_schema());
	assert_ends_well(start("sql/migrate", back));
	assert_ends_well(start("sql/migrate", "deploy"));
	stack_wait_status(&s, "/ready", 200);
	assert_none_failed();
}

static bool
works_from_disk(void *arg)
{
	return runs_from_disk(*(int *)arg, "smartcity-worker");
}

static bool
has_two_workers(void *arg)
{
	(void)arg;
	return t_number(s.url, "SELECT count(*) FROM workers") == 2;
}

static void
worker__restarted_and_upgraded__no_request_fails(void **state)
{
	int worker = stack_pid(&s, "worker");
	pid_t other;

	(void)state;
	load_phase("worker: restart, upgrade");
	other = start("smartcity-worker", "");
	stack_wait(has_two_workers, NULL, "both workers are seen");
	load_go_on(seconds);
	kill(other, SIGTERM);
	assert_ends_well(other);
	install("tests/next", "smartcity-worker", in_use);
	assert_int_equal(kill(worker, SIGHUP), 0);
	stack_wait(works_from_disk, &worker, "the worker starts anew");
	assert_none_failed();
}

static bool
is_all_delivered(void *arg)
{
	(void)arg;
	return t_number(s.url,
		   "SELECT count(*) FROM deliveries WHERE status <> "
		   "'delivered'") == 0;
}

static void
all__at_the_end__each_event_stored_once_and_delivered_once(void **state)
{
	char *ids;

	(void)state;
	load_phase("end");
	assert_none_failed();
	load_stop();
	assert_int_equal(load_print(), 0);
	ids = load_ids();
	assert_int_equal(t_number(s.url,
			     "SELECT count(*) FROM events JOIN "
			     "unnest('%s'::uuid[]) AS id USING (id)",
			     ids),
	    load_acknowledged());
	free(ids);
	/* No event is stored twice under another id. */
	assert_int_equal(
	    t_number(s.url,
		"SELECT count(*) FROM events WHERE source_event_id IS NULL "
		"AND payload->>'n' IS NOT NULL"),
	    load_acknowledged());
	assert_int_equal(t_number(s.url,
			     "SELECT count(*) FROM events AS d JOIN events AS "
			     "c ON c.id = d.source_event_id "
			     "WHERE c.payload->>'n' IS NOT NULL"),
	    load_derived());
	stack_wait(is_all_delivered, NULL, "all is delivered");
	assert_int_equal(receiver_count(&receiver, ""),
	    t_number(s.url, "SELECT count(*) FROM deliveries"));
	assert_int_equal(
	    receiver_distinct(&receiver, ""), receiver_count(&receiver, ""));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(pool__reloaded_with_another_setting__no_request_fails),
	cmocka_unit_test(
	    pool__upgraded_to_another_build__it_serves_and_no_request_fails),
	cmocka_unit_test(
	    nginx__reloaded_with_another_configuration__no_request_fails),
	cmocka_unit_test(
	    schema__migrated_behind_a_long_reader__no_request_fails),
	cmocka_unit_test(worker__restarted_and_upgraded__no_request_fails),
	cmocka_unit_test(
	    all__at_the_end__each_event_stored_once_and_delivered_once),
};

T_MAIN_WITH(tests, setup, teardown)
