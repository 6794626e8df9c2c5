/*
 * Commands for users: --help, --version, and exit statuses as documented.
 */
#include "t.h"

#include <string.h>
#include <sys/wait.h>

#define AWAY "DATABASE_URL='postgresql:///x?host=/nonexistent' "

struct row {
	const char *command;
	int status;
	const char *text; /* on stdout or stderr */
};

static void
assert_row(const struct row *row)
{
	char command[1024], out[16384] = "";
	size_t n;
	FILE *p;
	int status;

	/* $B stays one word, whatever path it is. */
	snprintf(command, sizeof(command),
	    "IFS= && set -f && { %s; } 2>&1 </dev/null", row->command);
	p = popen(command, "r");
	assert_non_null(p);
	n = fread(out, 1, sizeof(out) - 1, p);
	out[n] = '\0';
	status = pclose(p);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != row->status ||
	    strstr(out, row->text) == NULL)
		fail_msg("%s: %d: %s", row->command, status, out);
}

#define ASSERT_ROWS(rows)                                                      \
	for (size_t i = 0; i < sizeof(rows) / sizeof(*(rows)); i++)            \
	assert_row(&(rows)[i])

static void
help__anything_a_user_calls__what_it_takes(void **state)
{
	static const struct row rows[] = {
		{ "$B/smartcity-fcgi --help", 0, "SMARTCITY_LISTEN" },
		{ "$B/smartcity-worker --help", 0, "OUTBOX_BATCH_SIZE" },
		{ "sql/migrate --help", 0, "deploy | status" },
		{ "nginx/run --help", 0, "DATA_DIR" },
		{ "nginx/reload --help", 0, "refused: " },
		{ "tests/bench --help", 0, "ROUNDS" },
		{ "tests/bench-delivery --help", 0, "PARTS" },
	};

	(void)state;
	ASSERT_ROWS(rows);
}

static void
version__anything_a_user_calls__one_line(void **state)
{
	static const struct row rows[] = {
		{ "$B/smartcity-fcgi --version", 0, "smartcity-fcgi " },
		{ "$B/smartcity-worker --version", 0, "smartcity-worker " },
		{ "sql/migrate --version", 0, "smartcity-migrate " },
		{ "nginx/run --version", 0, "\n" },
		{ "nginx/reload --version", 0, "\n" },
		{ "tests/bench --version", 0, "\n" },
		{ "tests/bench-delivery --version", 0, "\n" },
	};

	(void)state;
	ASSERT_ROWS(rows);
}

static void
argument__unknown__64(void **state)
{
	static const struct row rows[] = {
		{ "$B/smartcity-fcgi --what", 64, "usage: " },
		{ "$B/smartcity-fcgi --help more", 64, "usage: " },
		{ "$B/smartcity-fcgi --setting", 64, "usage: " },
		{ "$B/smartcity-worker --what", 64, "Usage: " },
		{ "sql/migrate", 64, "deploy | status" },
		{ "sql/migrate what", 64, "deploy | status" },
		{ "MESSAGE= sql/migrate create", 64, "MESSAGE" },
		{ "MESSAGE=! sql/migrate create", 64, "MESSAGE" },
		{ "nginx/run what", 64, "usage: " },
		{ "nginx/reload --what", 64, "usage: " },
		{ "tests/bench what", 64, "usage: " },
		{ "tests/bench-delivery what", 64, "usage: " },
		/* No argument, but no socket either. */
		{ "$B/smartcity-fcgi", 64, "SMARTCITY_LISTEN" },
	};

	(void)state;
	ASSERT_ROWS(rows);
}

static void
setting__wrong__78(void **state)
{
	static const struct row rows[] = {
		{ "THRESHOLD_KWH=much $B/smartcity-fcgi", 78, "THRESHOLD" },
		{ "OUTBOX_BATCH_SIZE=0 $B/smartcity-worker", 78, "OUTBOX" },
		{ AWAY "SMARTCITY_LISTEN=/nonexistent/s $B/smartcity-fcgi", 78,
		    "cannot listen" },
		{ "DATABASE_URL=mysql://h/d sql/migrate status", 78,
		    "neither a postgresql:// URL" },
		{ "cd / && DATA_DIR=/nonexistent $OLDPWD/sql/migrate status",
		    78, "no database" },
		{ "[ -x /usr/sbin/smartcity-fcgi ] && { echo make all; exit "
		  "78; "
		  "}; BUILD=/nonexistent DOCKER_HOST=unix:///nonexistent "
		  "sql/migrate status",
		    78, "make all" },
	};

	(void)state;
	ASSERT_ROWS(rows);
}

static void
migrate__without_sqitch__69(void **state)
{
	static const struct row row = {
		"d=$(mktemp -d) && for p in bash dirname realpath git; do "
		"ln -s $(command -v $p) $d; done; " AWAY
		"PATH=$d sql/migrate status; s=$?; rm -r $d; exit $s",
		69, "sqitch is not installed"
	};

	(void)state;
	assert_row(&row);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(help__anything_a_user_calls__what_it_takes),
	cmocka_unit_test(version__anything_a_user_calls__one_line),
	cmocka_unit_test(argument__unknown__64),
	cmocka_unit_test(setting__wrong__78),
	cmocka_unit_test(migrate__without_sqitch__69),
};

static int
setup(void **state)
{
	const char *build = getenv("TEST_BUILD");

	(void)state;
	return setenv("B", build ? build : "build", 1);
}

T_MAIN_WITH(tests, setup, NULL)
