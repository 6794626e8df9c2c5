/*
 * A reload of the running stack, as `make reload` orders it: a good change is
 * in use when it reports success, a bad one changes nothing. nginx/run and all
 * that it uses are copies, which the tests spoil.
 */
#include "t.h"

#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "http.h"
#include "shell.h"
#include "stack.h"

enum {
	CALLERS = 5
};

static struct stack s;
static char tree[] = "/tmp/smartcity-test.XXXXXX";

static char where[64]; /* the setting BUILD=… */

/* Starts nginx/run of the copied tree. */
static void
start_in_tree(struct stack *stack, const char *const settings[])
{
	char here[512];

	assert_non_null(getcwd(here, sizeof(here)));
	assert_int_equal(chdir(tree), 0);
	stack_start(stack, settings);
	assert_int_equal(chdir(here), 0);
}

static int
setup(void **state)
{
	const char *const settings[] = { where, "SMARTCITY_PROCESSES=2", NULL };
	(void)state;
	assert_non_null(mkdtemp(tree));
	chmod(tree, 0755);
	shell_begin("cd %s || exit", tree);
	shell_must("cp -r \"$OLDPWD\"/nginx \"$OLDPWD\"/sql . && mkdir build "
		   "&& cd \"$TEST_BUILD\" && cp -r www smartcity-fcgi "
		   "smartcity-worker %s/build",
	    tree);
	snprintf(where, sizeof(where), "BUILD=%s/build", tree);
	start_in_tree(&s, settings);
	shell_begin("cd %s || exit; export DATA_DIR=%s", tree, s.dir);
	return 0;
}

static int
teardown(void **state)
{
	char command[64];

	(void)state;
	if (s.pid > 0)
		stack_stop(&s);
	snprintf(command, sizeof(command), "rm -r %s", tree);
	return system(command);
}

/*
 * Returns all that a refused reload must not change: the files in use and the
 * processes.
 */
static char *
everything(void)
{
	char command[1024], *text = calloc(1, 65536);
	FILE *p;

	snprintf(command, sizeof(command),
	    "cd %s && { find nginx/ run/ -type f ! -path '*/temp/*' "
	    "! -name 'reload.lock' -exec sha256sum {} + | sort -k 2; "
	    "readlink nginx/www; for n in fcgi nginx; do p=$(cat run/$n.pid); "
	    "cat /proc/$p/task/$p/children; echo; done; }",
	    s.dir);
	p = popen(command, "r");
	assert_non_null(p);
	assert_true(fread(text, 1, 65535, p) > 0);
	assert_int_equal(pclose(p), 0);
	return text;
}

static void
assert_refused(const char *reason)
{
	char *before = everything(), *after;

	if (shell("nginx/reload >answer 2>&1") != 1 ||
	    shell("grep -q '^refused: .*%s' answer", reason) != 0 ||
	    shell("test $(wc -l <answer) = 1") != 0) {
		shell("cat answer >&2");
		fail_msg("not refused for \"%s\"", reason);
	}
	after = everything();
	assert_string_equal(after, before);
	free(before);
	free(after);
	stack_wait_status(&s, "/ready", 200);
}

static void
assert_reloaded(void)
{
	if (shell("nginx/reload >answer 2>&1") == 0 &&
	    shell("grep -qx reloaded answer") == 0)
		return;
	shell("cat answer >&2");
	fail_msg("not reloaded");
}

static void
reload__what_takes_a_new_run_changed__refused_with_its_name(void **state)
{
	(void)state;
	shell_must("echo BIND=127.0.0.2 >$DATA_DIR/.env");
	assert_refused("BIND in .env");
	/*
	 * These settings are in the environment, too, which takes precedence
	 * over .env.
	 */
	shell_must("echo PORT=1 >$DATA_DIR/.env; echo "
		   "DATABASE_URL=postgresql:///x "
		   ">>$DATA_DIR/.env; echo SMARTCITY_DELIVERY_TIMEOUT=08 "
		   ">>$DATA_DIR/.env");
	assert_reloaded();
	shell_must("rm $DATA_DIR/.env");
	assert_reloaded();
}

static void
reload__misspelt_name__told_with_its_line(void **state)
{
	(void)state;
	shell_must("printf 'A=1\\nTHRESHHOLD_KWH=9\\n' >$DATA_DIR/.env");
	assert_reloaded();
	shell_must("cat answer; grep '^warning: .*THRESHHOLD_KWH.*did you mean "
		   "THRESHOLD_KWH.*line 2' answer");
	shell_must("rm $DATA_DIR/.env");
	assert_reloaded();
}

static int
responders(void)
{
	int pool = stack_pid(&s, "fcgi"), n = 0;

	while (stack_child(pool, n) != 0)
		n++;
	return n - 2; /* two serve SMARTCITY_STATUS_LISTEN */
}

static void
reload__new_settings_and_files__in_use_when_it_says_so(void **state)
{
	int pool = stack_pid(&s, "fcgi"), worker = stack_pid(&s, "worker");
	struct http h;

	(void)state;
	shell_must("echo SMARTCITY_STREAM_BYTES=40000001 >%s/.env", s.dir);
	shell_must("echo spoken >build/www/spoken.json && sed -i "
		   "'s|location / {|location /next { return 204; } &|' "
		   "nginx/nginx.conf");
	shell_must("test /proc/%d/exe -ef %s/run/smartcity-fcgi", pool, s.dir);
	assert_reloaded();
	h = http_get(s.port, "/next");
	assert_int_equal(h.status, 204);
	http_free(&h);
	shell_must("test /proc/%d/exe -ef %s/run/smartcity-fcgi "
		   "-a /proc/%d/exe -ef %s/run/smartcity-worker",
	    pool, s.dir, worker, s.dir);
	shell_must("grep -q 40000001 %s/run/.env && test -e "
		   "%s/nginx/www/spoken.json && test $(ls -d %s/nginx/www.* "
		   "| wc -l) = 1",
	    s.dir, s.dir, s.dir);
	assert_int_equal(responders(), 2);
}

static void
reload__wrong_setting__refused_with_its_name(void **state)
{
	(void)state;
	shell_must("echo THRESHOLD_KWH=much >%s/.env", s.dir);
	assert_refused("smartcity-fcgi: THRESHOLD_KWH");
	shell_must("rm %s/.env", s.dir);
	assert_reloaded();
}

/* A program that cannot be executed, that fails, or that is missing. */
static void
reload__bad_program__refused(void **state)
{
	static const struct {
		const char *spoil, *reason;
	} rows[] = {
		{ "echo x >build/$p.new && mv build/$p.new build/$p", "$p" },
		{ "printf '#!/bin/sh\\necho it is broken; exit 3\\n' "
		  ">build/$p.new && mv build/$p.new build/$p",
		    "$p --check: it is broken" },
		{ "printf '#!/bin/sh\\nkill -ABRT $$\\n' "
		  ">build/$p.new && mv build/$p.new build/$p",
		    "$p --check: .*ABRT" },
		{ "rm build/$p", "$p.*No such file" },
	};
	static const char *const programs[] = { "fcgi", "worker" };
	char reason[128];
	size_t i, k;

	(void)state;
	for (k = 0; k < 2; k++) {
		shell_must("cp -p build/smartcity-%s kept", programs[k]);
		for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
			snprintf(reason, sizeof(reason), "smartcity-%s%s",
			    programs[k], strstr(rows[i].reason, "$p") + 2);
			shell_must(
			    "p=smartcity-%s; %s", programs[k], rows[i].spoil);
			assert_refused(reason);
		}
		shell_must("mv kept build/smartcity-%s", programs[k]);
	}
	assert_reloaded();
}

static void
reload__wrong_nginx_file__refused(void **state)
{
	(void)state;
	shell_must("cp nginx/smartcity.conf kept && "
		   "echo 'no_such_word on;' >>nginx/smartcity.conf");
	assert_refused("nginx: .*no_such_word");
	shell_must("mv kept nginx/smartcity.conf");
}

/* The new worker passes its --check, and fails when it is started. */
static void
reload__worker_that_ends_at_its_start__refused_and_the_old_one_again(
    void **state)
{
	(void)state;
	shell_must("cp -p build/smartcity-worker kept && printf "
		   "'#!/bin/sh\\ntest \"$1\" = --check || exit 3\\n' "
		   ">build/new && chmod 755 build/new && "
		   "mv build/new build/smartcity-worker");
	assert_int_equal(shell("nginx/reload >answer 2>&1"), 1);
	shell_must("grep -q '^refused: the worker' answer");
	shell_must("mv kept build/smartcity-worker && cmp "
		   "build/smartcity-worker %s/run/smartcity-worker",
	    s.dir);
	shell_must("test /proc/$(cat %s/run/worker.pid)/exe -ef "
		   "%s/run/smartcity-worker",
	    s.dir, s.dir);
	stack_wait_status(&s, "/ready", 200);
}

static bool
runs_old_worker(void *arg)
{
	const struct stack *late = arg;

	return shell("test /proc/$(cat %s/run/worker.pid)/exe -ef "
		     "%s/run/smartcity-worker",
		   late->dir, late->dir) == 0;
}

/* The new worker hangs; signals that the old one had blocked stay blocked. */
static void
reload__worker_that_never_works__refused_in_time_and_ended(void **state)
{
	const char *const settings[] = { where, "SMARTCITY_PROCESSES=1",
		"RELOAD_SECONDS=3", "SMARTCITY_DELIVERY_TIMEOUT=1", NULL };
	struct stack late;

	(void)state;
	start_in_tree(&late, settings);
	shell_must("cp -p build/smartcity-worker kept && printf "
		   "'#!/bin/sh\\ntest \"$1\" = --check || exec sleep 600\\n' "
		   ">build/new && chmod 755 build/new && "
		   "mv build/new build/smartcity-worker");
	assert_int_equal(
	    shell("DATA_DIR=%s nginx/reload >answer 2>&1", late.dir), 1);
	shell_must(
	    "mv kept build/smartcity-worker && "
	    "grep -qx 'refused: the .* did not start anew in time' answer");
	stack_wait(runs_old_worker, &late, "the old worker works again");
	stack_wait_status(&late, "/ready", 200);
	stack_stop(&late);
}

static void
reload__several_at_once__each_is_answered_and_no_request_fails(void **state)
{
	pid_t callers[CALLERS];
	int i, status, ended = 0;
	struct http h;

	(void)state;
	for (i = 0; i < CALLERS; i++)
		if ((callers[i] = fork()) == 0)
			_exit(shell("nginx/reload >answer.%d 2>&1", i));
	/*
	 * USR2, the order from before nginx/reload existed, is one more reload.
	 */
	assert_int_equal(kill(s.pid, SIGUSR2), 0);
	while (ended < CALLERS) {
		h = http_post(s.port, "/ingest/weather", "{}");
		/*
		 * 0: nginx closed the connection when it replaced its workers.
		 */
		assert_true(h.status == 200 || h.status == 0);
		http_free(&h);
		if (waitpid(callers[ended], &status, WNOHANG) <= 0)
			continue;
		assert_int_equal(status, 0);
		shell_must("grep -qx reloaded answer.%d", ended++);
	}
	stack_wait_status(&s, "/ready", 200);
}

static bool
is_staged(void *arg)
{
	(void)arg;
	return shell("test -e %s/run/new/smartcity-worker", s.dir) == 0;
}

/* The last test, because it ends the stack in the middle of a reload. */
static void
run__stopped_during_a_reload__nothing_left_and_the_caller_told(void **state)
{
	pid_t caller = fork();
	int status;

	(void)state;
	if (caller == 0)
		_exit(shell("nginx/reload >answer 2>&1"));
	stack_wait(is_staged, NULL, "the reload is under way");
	stack_stop(&s);
	s.pid = 0;
	assert_int_equal(waitpid(caller, &status, 0), caller);
	assert_int_equal(WEXITSTATUS(status), 1);
	setenv("DIR", s.dir, 1);
	assert_int_equal(system("test -z \"$(find /proc/[0-9]* -maxdepth 1 "
				"-name cwd -lname \"$DIR/*\" 2>/dev/null)\""),
	    0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(
	    reload__what_takes_a_new_run_changed__refused_with_its_name),
	cmocka_unit_test(reload__misspelt_name__told_with_its_line),
	cmocka_unit_test(
	    reload__new_settings_and_files__in_use_when_it_says_so),
	cmocka_unit_test(reload__wrong_setting__refused_with_its_name),
	cmocka_unit_test(reload__bad_program__refused),
	cmocka_unit_test(reload__wrong_nginx_file__refused),
	cmocka_unit_test(
	    reload__worker_that_ends_at_its_start__refused_and_the_old_one_again),
	cmocka_unit_test(
	    reload__worker_that_never_works__refused_in_time_and_ended),
	cmocka_unit_test(
	    reload__several_at_once__each_is_answered_and_no_request_fails),
	cmocka_unit_test(
	    run__stopped_during_a_reload__nothing_left_and_the_caller_told),
};

T_MAIN_WITH(tests, setup, teardown)
