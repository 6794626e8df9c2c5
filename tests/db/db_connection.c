/*
 * A connection that outlives its server, and the reasons when there is no
 * server.
 */
#include "t.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "config.h"
#include "database.h"
#include "db.h"
#include "sqlstate.h"
#include "stack.h"

static void
db__sqlalchemy_url__understood(void **state)
{
	char text[1024], error[256], *plain = NULL;
	struct db *db;

	(void)state;
	snprintf(
	    text, sizeof(text), "postgresql+psycopg2%s", strstr(url, "://"));
	setenv("DATABASE_URL", text, 1);
	assert_int_equal(
	    config_value("DATABASE_URL", &plain, error), STATUS_OK);
	unsetenv("DATABASE_URL");
	db = db_new(plain, "test", 3000);
	assert_non_null(db);
	assert_int_equal(db_connect(db), STATUS_OK);
	db_free(db);
	free(plain);
}

static void
db__nobody_there__try_later_with_the_reason(void **state)
{
	struct db *db = db_new("postgresql://x@/x?host=/nowhere", "test", 500);

	(void)state;
	assert_non_null(db);
	assert_int_equal(database_beat(db), STATUS_RETRY);
	assert_non_null(strstr(db_reason(db), "/nowhere"));
	/* Within the back-off it does not try again. */
	assert_int_equal(database_beat(db), STATUS_RETRY);
	db_free(db);
}

/* libpq's error texts quote parts of a malformed URL. */
static void
db__url_with_a_fault__password_in_no_reason(void **state)
{
	static const struct {
		const char *url;
		enum status status; /* FAULT: the setting is wrong */
	} rows[] = {
		{ "postgresql://u:geheim@[::1]x/db", STATUS_FAULT },
		{ "postgresql://u:ge@heim@127.0.0.1:1/db", STATUS_RETRY },
		{ "postgresql://u:geheim@127.0.0.1:port/db", STATUS_RETRY },
		{ "postgresql://u:geheim@127.0.0.1:1/db?geheim", STATUS_FAULT },
		{ "user=u password=geheim' dbname=db geheim", STATUS_FAULT },
		{ "mysql://u:geheim@127.0.0.1/db", STATUS_FAULT },
	};
	struct db *db;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		db = db_new(rows[i].url, "test", 500);
		assert_non_null(db);
		assert_int_equal(db_connect(db), rows[i].status);
		assert_true(strlen(db_reason(db)) > 0);
		if (strstr(db_reason(db), "heim") != NULL)
			fail_msg("%s", db_reason(db));
		db_free(db);
	}
}

static void
db__not_migrated__try_later(void **state)
{
	/* The cluster's database "postgres" has none of our tables. */
	struct db *db = db_new(getenv("TEST_DATABASE_URL"), "test", 3000);

	(void)state;
	assert_non_null(db);
	assert_int_equal(database_beat(db), STATUS_RETRY);
	assert_non_null(
	    strstr(db_reason(db), "migrations are missing, up to "));
	assert_non_null(strstr(db_reason(db), "does not exist"));
	db_free(db);
}

static void
db__backend_terminated__runs_again_on_a_new_connection(void **state)
{
	struct db *db = db_new(url, "test", 3000);
	int pid;

	(void)state;
	assert_int_equal(database_beat(db), STATUS_OK);
	pid = database_backend();
	t_exec(url, "SELECT pg_terminate_backend(%d, 5000)", pid);
	assert_int_equal(database_beat(db), STATUS_OK);
	assert_int_not_equal(database_backend(), pid);
	db_free(db);
}

static void
db__backend_stopped__answers_at_the_deadline(void **state)
{
	struct db *db = db_new(url, "test", 600);
	int64_t start;
	int pid;

	(void)state;
	assert_int_equal(database_beat(db), STATUS_OK);
	pid = database_backend();
	assert_int_equal(kill(pid, SIGSTOP), 0);
	start = clock_steady_ms();
	assert_int_equal(database_beat(db), STATUS_RETRY);
	assert_in_range(clock_steady_ms() - start, 500, 3000);
	assert_int_equal(kill(pid, SIGCONT), 0);
	assert_int_equal(database_beat(db), STATUS_OK);
	db_free(db);
}

static void
db__row_locked__gives_up_and_keeps_the_connection(void **state)
{
	struct db *db = db_new(url, "test", 900), *other;
	struct pg_result *r = NULL;

	(void)state;
	assert_int_equal(database_beat(db), STATUS_OK);
	t_exec(url,
	    "CREATE OR REPLACE FUNCTION nap() RETURNS trigger LANGUAGE "
	    "plpgsql AS $$BEGIN PERFORM pg_sleep(30); RETURN NEW; "
	    "END$$; CREATE TRIGGER nap BEFORE UPDATE ON workers FOR "
	    "EACH ROW EXECUTE FUNCTION nap()");
	assert_int_equal(database_beat(db), STATUS_RETRY);
	assert_string_equal(db_sqlstate(db), "57014");
	t_exec(url, "DROP TRIGGER nap ON workers");
	other = db_new(url, "other", 900);
	assert_int_equal(db_run(other, Q_ready,
			     (const char *const[]){ query_schema(), "60" }, &r),
	    STATUS_OK);
	assert_true(pg_is_true(r, 0, 0));
	assert_true(pg_is_true(r, 0, 2));
	pg_free(r);
	db_free(other);
	db_free(db);
}

static bool
is_back(void *arg)
{
	return db_connect(arg) == STATUS_OK;
}

/* Kills, as a crash would, the backend that waits in its commit. */
static void
kill_in_commit(void)
{
	long long pid = 0;

	while (pid == 0)
		pid = t_number(url,
		    "SELECT pid FROM pg_stat_activity WHERE "
		    "wait_event = 'PgSleep'");
	kill((pid_t)pid, SIGKILL);
	_exit(0);
}

/*
 * A deferred trigger's NOTICE at commit makes the server send the statement's
 * CommandComplete early; then it dies before the commit. The statement must not
 * count as done.
 */
static void
db__killed_between_completion_and_commit__not_done(void **state)
{
	struct db *db = db_new(url, "test", 20000);
	pid_t killer;

	(void)state;
	t_exec(url,
	    "CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS $$"
	    "BEGIN RAISE NOTICE 'late'; PERFORM pg_sleep(10); RETURN NULL; "
	    "END$$; CREATE CONSTRAINT TRIGGER late AFTER INSERT OR UPDATE ON "
	    "workers DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE "
	    "FUNCTION late()");
	assert_int_equal(db_connect(db), STATUS_OK);
	if ((killer = fork()) == 0)
		kill_in_commit();
	assert_int_not_equal(database_beat(db), STATUS_OK);
	assert_int_equal(waitpid(killer, NULL, 0), killer);
	stack_wait(is_back, db, "the server is back");
	t_exec(url, "DROP TRIGGER late ON workers; DROP FUNCTION late()");
	db_free(db);
}

static bool
is_fsync_off(void *arg)
{
	char *now = t_sql(arg, "SELECT current_setting('fsync')");
	bool off = strcmp(now, "off") == 0;

	free(now);
	return off;
}

static void
db__server_without_fsync__refused(void **state)
{
	char *cluster = getenv("TEST_DATABASE_URL");
	struct db *db = db_new(url, "test", 3000);
	enum status status;

	(void)state;
	assert_int_equal(database_beat(db), STATUS_OK);
	t_exec(cluster, "ALTER SYSTEM SET fsync = off");
	t_exec(cluster, "SELECT pg_reload_conf()");
	stack_wait(is_fsync_off, cluster, "fsync is off");
	db_free(db);
	db = db_new(url, "test", 3000);
	assert_non_null(db);
	status = db_connect(db);
	t_exec(cluster, "ALTER SYSTEM RESET fsync");
	t_exec(cluster, "SELECT pg_reload_conf()");
	assert_int_equal(status, STATUS_FAULT);
	assert_non_null(strstr(db_reason(db), "fsync"));
	db_free(db);
}

static void
db__sqlstates__who_must_act(void **state)
{
	static const struct {
		const char *sqlstate;
		enum status status;
	} rows[] = {
		{ "", STATUS_RETRY },
		{ "08006", STATUS_RETRY },
		{ "25006", STATUS_RETRY },
		{ "40001", STATUS_RETRY },
		{ "40P01", STATUS_RETRY },
		{ "53100", STATUS_RETRY },
		{ "53300", STATUS_RETRY },
		{ "55P03", STATUS_RETRY },
		{ "57014", STATUS_RETRY },
		{ "57P01", STATUS_RETRY },
		{ "57P03", STATUS_RETRY },
		{ "22P02", STATUS_REJECT },
		{ "22P05", STATUS_REJECT },
		{ "22021", STATUS_REJECT },
		{ "54000", STATUS_REJECT },
		{ "23505", STATUS_FAULT },
		{ "42601", STATUS_FAULT },
		{ "XX000", STATUS_FAULT },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_int_equal(
		    sqlstate_status(rows[i].sqlstate), rows[i].status);
	assert_int_equal(sqlstate_status(NULL), STATUS_RETRY);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(db__sqlalchemy_url__understood),
	cmocka_unit_test(db__nobody_there__try_later_with_the_reason),
	cmocka_unit_test(db__url_with_a_fault__password_in_no_reason),
	cmocka_unit_test(db__not_migrated__try_later),
	cmocka_unit_test(
	    db__backend_terminated__runs_again_on_a_new_connection),
	cmocka_unit_test(db__backend_stopped__answers_at_the_deadline),
	cmocka_unit_test(db__row_locked__gives_up_and_keeps_the_connection),
	cmocka_unit_test(db__server_without_fsync__refused),
	cmocka_unit_test(db__sqlstates__who_must_act),
	cmocka_unit_test(db__killed_between_completion_and_commit__not_done),
};

T_MAIN_WITH(tests, database_make, database_drop)
