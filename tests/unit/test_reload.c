/*
 * nginx/reload with a fake in place of nginx/run: it never hangs, and says in
 * one line how the reload ended.
 */
#include "t.h"

#include <string.h>
#include <sys/wait.h>

static char dir[] = "/tmp/smartcity-reload.XXXXXX";

/*
 * run: starts the fake, which holds the directory as nginx/run does and then
 * runs the script $1. ended: kills it as soon as `run/$1` exists.
 */
static const char helpers[] =
    "mkdir run; run() { ( exec 9<.; mkfifo run/control; "
    "exec bash -c 'echo $$ >run/new && mv run/new run/run.pid; '\"$1\" ) & "
    "fake=$!; until test -e run/run.pid; do sleep 0.01; done; }; "
    "ended() { until test -e run/$1; do sleep 0.01; done; kill -9 $fake; }; ";

struct row {
	const char *script;
	int status;
	const char *text;
};

static void
assert_row(const struct row *row)
{
	char command[2048], out[4096] = "";
	int status;
	size_t n;
	FILE *p;

	snprintf(command, sizeof(command),
	    "reload=$PWD/nginx/reload; cd %s && rm -rf run; "
	    "export DATA_DIR=.; fake=; { %s %s; } 2>&1; s=$?; "
	    "test -z \"$fake\" || kill -9 $fake 2>/dev/null; exit $s",
	    dir, helpers, row->script);
	p = popen(command, "r");
	assert_non_null(p);
	n = fread(out, 1, sizeof(out) - 1, p);
	out[n] = '\0';
	status = pclose(p);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != row->status ||
	    strcmp(out, row->text) != 0)
		fail_msg("%s: %#x: %s", row->script, status, out);
}

static void
reload__of_nothing__refused_at_once(void **state)
{
	static const struct row rows[] = {
		{ "rmdir run; \"$reload\"", 1, "refused: nothing runs in .\n" },
		{ "\"$reload\"", 1, "refused: nothing runs in .\n" },
		/* Files left by an nginx/run that was killed. */
		{ "(exec sh -c 'echo $$ >run/run.pid'); mkfifo run/control; "
		  "\"$reload\"",
		    1, "refused: nothing runs in .\n" },
		/* Another process has the pid of run.pid now. */
		{ "echo $$ >run/run.pid; mkfifo run/control; \"$reload\"", 1,
		    "refused: nothing runs in .\n" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_row(&rows[i]);
}

#define OVER "refused: the make run of . has ended meanwhile\n"

static void
reload__its_run_killed_meanwhile__refused(void **state)
{
	static const struct row rows[] = {
		/* Killed after it has read the order. */
		{ "run 'read x <>run/control; touch run/read; exec sleep 60'; "
		  "ended read & \"$reload\"",
		    1, OVER },
		/* Killed before it has started everything. */
		{ "run 'rm run/control; exec sleep 60'; "
		  "ended reload.lock & \"$reload\"",
		    1, OVER },
		/* Killed while this reload waits for another one. */
		{ "run 'read x <>run/control; touch run/read; exec sleep 60'; "
		  "\"$reload\" & until test -e run/read; do sleep 0.01; done; "
		  "\"$reload\" & last=$!; until pgrep -P $last -x flock "
		  ">/dev/null; do sleep 0.01; done; kill -9 $fake; "
		  "wait $last",
		    1, OVER OVER },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_row(&rows[i]);
}

static void
reload__answered__said_with_its_exit_status(void **state)
{
	static const struct row rows[] = {
		{ "run 'read order id <>run/control; echo reloaded >run/new; "
		  "mv run/new run/answer.$id; exec sleep 60'; \"$reload\"",
		    0, "reloaded\n" },
		{ "run 'read order id <>run/control; echo refused: a b "
		  ">run/new; mv run/new run/answer.$id; exec sleep 60'; "
		  "\"$reload\"",
		    1, "refused: a b\n" },
		{ "run 'read order id <>run/control; echo reloaded >run/new; "
		  "mv run/new run/answer.$id; exec sleep 60'; "
		  "\"$reload\" echo compiled",
		    0, "compiled\nreloaded\n" },
		/* nginx/run gets no order. */
		{ "run 'read x <>run/control; touch asked; exec sleep 60'; "
		  "\"$reload\" sh -c 'echo why; exit 2'; s=$?; "
		  "test ! -e asked && (exit $s)",
		    1, "why\nrefused: compiling failed\n" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_row(&rows[i]);
}

/* The time to wait for an order can end in the middle of one. */
static void
order__read_in_pieces__obeyed_whole(void **state)
{
	static const struct row row = {
		"cd \"${reload%/*}\" && "
		"bash -c '. run.d/supervise; POLL_SECONDS=0.01; "
		"f=$(mktemp -u); mkfifo $f; exec 7<>$f; rm $f; "
		"for piece in rel \"oad 7\" \"\n\" \"stop -\\nreload 8\\n\"; "
		"do "
		"printf \"$piece\" >&7; read_order; echo \"$ORDER,$ID\"; done; "
		"read_order; echo \"$ORDER,$ID\"'",
		0, ",\n,\nreload,7\nstop,-\nreload,8\n"
	};

	(void)state;
	assert_row(&row);
}

/* nginx/reload writes its order as soon as it sees the pipe. */
static void
order__given_as_soon_as_the_pipe_is_there__not_lost(void **state)
{
	static const struct row row = {
		"cd \"${reload%/*}\" && "
		"bash -c '. run.d/supervise; POLL_SECONDS=10; RUN=$(mktemp "
		"-d); "
		"{ until test -e $RUN/control; do :; done; "
		"echo reload 5 1<>$RUN/control; } & "
		"mkfifo() { command mkfifo \"$@\"; "
		"test ! -e $RUN/control || wait; }; "
		"open_control; read_order; echo \"$ORDER,$ID\"; rm -r $RUN'",
		0, "reload,5\n"
	};

	(void)state;
	assert_row(&row);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(reload__of_nothing__refused_at_once),
	cmocka_unit_test(reload__its_run_killed_meanwhile__refused),
	cmocka_unit_test(reload__answered__said_with_its_exit_status),
	cmocka_unit_test(order__read_in_pieces__obeyed_whole),
	cmocka_unit_test(order__given_as_soon_as_the_pipe_is_there__not_lost),
};

static int
setup(void **state)
{
	(void)state;
	return mkdtemp(dir) == NULL;
}

static int
teardown(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

T_MAIN_WITH(tests, setup, teardown)
