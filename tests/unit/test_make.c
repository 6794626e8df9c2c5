/*
 * The make targets for people, in a copy of the tree where nothing runs and
 * nothing is built: each target says in one line what is missing.
 */
#include "t.h"

#include <string.h>

#include "shell.h"

enum {
	OUT_MAX = 16384
};

static char tree[] = "/tmp/smartcity-make.XXXXXX";
static char out[OUT_MAX];

#define SHELL(...) shell_read(out, sizeof(out), __VA_ARGS__)

/* A fake docker with Compose and no containers. */
static const char docker[] = "#!/bin/sh\\n"
			     "case \"$*\" in\\n"
			     "*\" exec \"*) exit 1 ;;\\n"
			     "\"compose ps\") echo NAME ;;\\n"
			     "version*) echo 20.10 ;;\\n"
			     "esac\\n";

static int
setup(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(tree));
	shell_begin("exec 2>&1; cd %s || exit", tree);
	if (SHELL("tar -C \"$OLDPWD\" --exclude=./build --exclude=./var "
		  "--exclude=./.git --exclude=./.env -c . | tar -x && "
		  "mkdir bin && printf '%s' >bin/docker && "
		  "chmod 755 bin/docker",
		docker) != 0)
		fail_msg("%s", out);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	return SHELL("cd / && rm -rf %s", tree);
}

static int
lines(const char *text)
{
	int n = 0;

	while ((text = strchr(text, '\n')) != NULL) {
		text++;
		n++;
	}
	return n;
}

struct row {
	const char *command, *text; /* what it prints besides make's line */
};

/* Asserts that the command fails with one line, and builds nothing. */
static void
assert_fails(const struct row *row)
{
	SHELL("PATH=$PWD/bin:$PATH; { %s; } 2>&1 | grep -v '^make: \\*\\*\\* "
	      ".*Error'",
	    row->command);
	if (strstr(out, row->text) == NULL || lines(out) != 1)
		fail_msg("%s: %s", row->command, out);
	assert_int_not_equal(
	    SHELL("PATH=$PWD/bin:$PATH; %s >/dev/null", row->command), 0);
	assert_int_equal(SHELL("test ! -e build -a ! -e x -a ! -e y"), 0);
}

#define ASSERT_FAIL(rows)                                                      \
	for (size_t i = 0; i < sizeof(rows) / sizeof(*(rows)); i++)            \
	assert_fails(&(rows)[i])

static void
target__nothing_runs__one_line_that_says_so(void **state)
{
	static const struct row rows[] = {
		{ "make reload", "refused: nothing runs in ./var" },
		{ "make reload DATA_DIR='a b'",
		    "refused: nothing runs in a b" },
		{ "make shell", "docker: nothing runs: make up" },
		{ "make logs", "docker: nothing runs: make up" },
		{ "make logs-api", "docker: nothing runs: make up" },
		{ "make logs-db", "docker: nothing runs: make up" },
		{ "make logs-worker", "docker: nothing runs: make up" },
		{ "make status", "docker: nothing runs: make up" },
		{ "make restart", "docker: nothing runs: make up" },
		{ "make psql", "migrate: no database: set DATABASE_URL" },
		{ "make migrate", "migrate: no database: set DATABASE_URL" },
		{ "make migrate-status", "migrate: no database" },
		{ "make migrate-history", "migrate: no database" },
		{ "make migrate-down", "migrate: no database" },
		{ "make migrate-create", "migrate: say what changes" },
	};

	(void)state;
	ASSERT_FAIL(rows);
}

static void
pattern__none_or_no_test__said_before_anything_is_built(void **state)
{
	static const struct row rows[] = {
		{ "make test-pattern",
		    "tests: no pattern: make test-pattern PAT" },
		{ "make test-pattern PATTERN=", "tests: no pattern" },
		{ "make test-pattern PATTERN=worker__kiled",
		    "tests: no test matches \"worker__kiled\"; similar: "
		    "worker__k" },
		{ "make test-pattern PATTERN=test_qqqqqq",
		    "tests: no test matches \"test_qqqqqq\"\n" },
		{ "make test PATTERN=qqqqqq", "no test matches \"qqqqqq\"\n" },
		{ "make test-cov PATTERN=qqqqqq", "no test matches" },
		{ "make test-file FILE=tests/test_buf.c PATTERN=qqqqqq",
		    "no test matches" },
		{ "TEST_PATTERN=int__whole tests/run / test_buf",
		    "no test matches \"int__whole\" in test_buf\n" },
		{ "TEST_PATTERN=qqqqqq tests/run /", "no test matches \"qq" },
	};

	(void)state;
	ASSERT_FAIL(rows);
}

static void
user__commands_in_a_value__never_run(void **state)
{
	static const struct row rows[] = {
		{ "make test-pattern PATTERN='$(shell touch x)`touch y`'",
		    "no test matches \"$(shell touch x)`touch y`\"" },
		{ "PATTERN='$(shell touch x)`touch y`' make test-pattern",
		    "no test matches \"$(shell touch x)`touch y`\"" },
		{ "make test-pattern PATTERN='\"; touch x; \"'",
		    "no test matches" },
		{ "make test-file FILE='$(shell touch x)`touch y`'",
		    "FILE=tests/test_json.c" },
		{ "make test-file FILE='tests/test_buf.c;touch x'",
		    "FILE=tests/test_json.c" },
		{ "make reload DATA_DIR='$(shell touch x)`touch y`'",
		    "nothing runs in $(shell touch x)`touch y`" },
	};

	(void)state;
	ASSERT_FAIL(rows);
}

static void
file__unknown__one_short_line(void **state)
{
	static const struct row rows[] = {
		{ "make test-file", "FILE=tests/test_json.c" },
		{ "make test-file FILE=tests/test_nothing.c",
		    "not \"tests/test_nothing.c\"" },
		{ "make test-file FILE='tests/test_buf.c tests/none.c'",
		    "FILE=tests/test_json.c" },
	};

	(void)state;
	ASSERT_FAIL(rows);
	assert_true(strlen(out) < 200);
}

static void
expect(const char *command, const char *text)
{
	if (SHELL("%s", command) != 0 || strstr(out, text) == NULL)
		fail_msg("%s: %s", command, out);
}

static void
file__of_the_first_release__runs_its_successor(void **state)
{
	(void)state;
	expect("make -n test-file FILE=tests/api/test_routes.py",
	    "tests/run build/san build/san/tests/e2e_contract "
	    "build/san/tests/e2e_contract_http\n");
}

static void
file__in_any_room_or_none__found_by_its_name(void **state)
{
	(void)state;
	expect("make -n test-file FILE=tests/unit/test_json.c",
	    "tests/run build/san build/san/tests/test_json\n");
	expect("make -n test-file FILE=tests/test_json.c",
	    "tests/run build/san build/san/tests/test_json\n");
	expect("make -n test-file FILE='tests/db_trace.c e2e_seed.c'",
	    "build/san/tests/db_trace build/san/tests/e2e_seed\n");
}

static void
pattern__as_pytest_has_it__matches_without_test(void **state)
{
	(void)state;
	expect("TEST_PATTERN=test_ingest tests/matching", "ingest\n");
	expect("TEST_PATTERN=test_ingest tests/matching", "\ne2e_contract\n");
	expect("TEST_PATTERN='int__w?ole' tests/matching",
	    "int__w?ole\ntest_coerce\n");
	expect(
	    "TEST_PATTERN=health/accept tests/matching", "\ntest_services\n");
}

static void
pattern__one_program_has_it__no_other_is_run(void **state)
{
	(void)state;
	assert_int_equal(SHELL("cd \"$OLDPWD\" && V=1 "
			       "TEST_PATTERN=test_int__whole tests/run "
			       "\"$TEST_BUILD\""),
	    0);
	assert_non_null(strstr(out, "ok    test_coerce"));
	assert_non_null(strstr(out, "1 passed, 0 failed\n"));
	assert_null(strstr(out, "test_buf"));
}

static void
format__misplaced__as_lint_wants_it(void **state)
{
	(void)state;
	if (system("command -v clang-format >/dev/null") != 0) {
		print_message("skipped: clang-format is not installed\n");
		skip();
	}
	assert_int_equal(
	    SHELL("cp common/base/clock.c kept && "
		  "sed -i 's/^\t/        /' common/base/clock.c && "
		  "! cmp -s kept common/base/clock.c"),
	    0);
	if (SHELL("make format && cmp kept common/base/clock.c") != 0)
		fail_msg("%s", out);
}

/* For each room, a header that it must not include. */
static void
room__wrong_include__does_not_compile(void **state)
{
	static const struct {
		const char *room, *wrong;
	} rows[] = {
		{ "common/base", "scan.h" },
		{ "common/json", "db.h" },
		{ "common/pg", "json.h" },
		{ "common/process", "db.h" },
		{ "common/delivery", "db.h" },
		{ "fcgi/services", "rules.h" },
		{ "fcgi/schema", "rules.h" },
		{ "fcgi/rules", "score.h" },
		{ "fcgi/counters", "request.h" },
		{ "fcgi/http", "store.h" },
		{ "fcgi/ingest", "events.h" },
		{ "fcgi/resources", "event.h" },
		{ "fcgi/monitor", "gateway.h" },
		{ "fcgi/server", "route.h" },
		{ "worker/net", "db.h" },
		{ "worker/sinks", "dispatch.h" },
		{ "worker/dispatch", "worker.h" },
		{ "worker/stream", "dispatch.h" },
		{ "worker/upkeep", "post.h" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		SHELL("echo '#include \"%s\"' >%s/planted.c", rows[i].wrong,
		    rows[i].room);
		assert_int_not_equal(
		    SHELL("make -s build/%s/planted.o", rows[i].room), 0);
		if (strstr(out, rows[i].wrong) == NULL)
			fail_msg("%s: %s", rows[i].room, out);
		SHELL("rm %s/planted.c", rows[i].room);
	}
	/* fcgi/ingest must not include HTTP's headers. */
	SHELL("sed -i '1i #include \"request.h\"' fcgi/ingest/event.c");
	assert_int_not_equal(SHELL("make -s build/fcgi/ingest/event.o"), 0);
	assert_non_null(strstr(out, "request.h"));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(target__nothing_runs__one_line_that_says_so),
	cmocka_unit_test(
	    pattern__none_or_no_test__said_before_anything_is_built),
	cmocka_unit_test(user__commands_in_a_value__never_run),
	cmocka_unit_test(file__unknown__one_short_line),
	cmocka_unit_test(file__of_the_first_release__runs_its_successor),
	cmocka_unit_test(file__in_any_room_or_none__found_by_its_name),
	cmocka_unit_test(pattern__as_pytest_has_it__matches_without_test),
	cmocka_unit_test(pattern__one_program_has_it__no_other_is_run),
	cmocka_unit_test(format__misplaced__as_lint_wants_it),
	cmocka_unit_test(room__wrong_include__does_not_compile),
};

T_MAIN_WITH(tests, setup, teardown)
