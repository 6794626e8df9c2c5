/*
 * Servers that must not or cannot store an event, and what is reported.
 */
#include "t.h"

#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "ask.h"
#include "cluster.h"

/* Replaces clock.c, so that a test can let time pass. */
static int64_t passed_ms;

int64_t clock_wall_us(void);
int64_t clock_steady_us(void);
int64_t clock_steady_ms(void);

static int64_t
read_clock(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t
clock_wall_us(void)
{
	return read_clock(CLOCK_REALTIME);
}

int64_t
clock_steady_us(void)
{
	return read_clock(CLOCK_MONOTONIC) + passed_ms * 1000;
}

int64_t
clock_steady_ms(void)
{
	return clock_steady_us() / 1000;
}

static struct cluster cluster;
static char url[256];
static enum db_error told;

static void
note_error(enum db_error error)
{
	told = error;
}

static int
setup(void **state)
{
	(void)state;
	cluster_open(&cluster);
	snprintf(url, sizeof(url), "%s", cluster_url(&cluster));
	db_watch(note_error);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	cluster_remove(&cluster);
	return 0;
}

static struct db *
open_db(void)
{
	struct db *db = db_new(url, "test", 3000);

	assert_non_null(db);
	return db;
}

static void
server__fsync_turned_off_later__no_event_is_acknowledged(void **state)
{
	struct db *db = open_db();

	(void)state;
	ask_to_store(db, "x", "{}", 200);
	t_exec(url, "ALTER SYSTEM SET fsync = off");
	t_exec(url, "SELECT pg_reload_conf()");
	passed_ms += 11000;
	while (strstr(db_reason(db), "fsync") == NULL) {
		char *body = ask(db, "POST", "/ingest/x", "{}",
		    db_connect(db) == STATUS_OK ? 200 : 503);

		free(body);
		passed_ms += 11000;
	}
	ask_to_store(db, "x", "{}", 503);
	assert_int_equal(told, DB_ERROR_UNFIT);
	t_exec(url, "ALTER SYSTEM RESET fsync");
	t_exec(url, "SELECT pg_reload_conf()");
	while (db_connect(db) != STATUS_OK)
		passed_ms += 11000;
	ask_to_store(db, "x", "{}", 200);
	db_free(db);
}

static int
backend_pid(void)
{
	return (int)t_number(url,
	    "SELECT max(pid) FROM pg_stat_activity WHERE application_name = "
	    "'test'");
}

/* As if the address led to a server that has become a standby. */
static void
server__says_it_is_read_only__session_is_left(void **state)
{
	struct db *db = open_db();
	int pid;

	(void)state;
	ask_to_store(db, "x", "{}", 200);
	pid = backend_pid();
	t_exec(url,
	    "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$"
	    "BEGIN IF pg_backend_pid() = %d THEN RAISE 'read-only' USING "
	    "ERRCODE = '25006'; END IF; RETURN NEW; END$$; "
	    "CREATE TRIGGER refuse BEFORE INSERT ON rejected_events FOR EACH "
	    "ROW EXECUTE FUNCTION refuse()",
	    pid);
	ask_to_store(db, "health", J("{'patient_id':'x'}"), 422);
	assert_int_not_equal(backend_pid(), pid);
	t_exec(url,
	    "DROP TRIGGER refuse ON rejected_events; DROP FUNCTION refuse()");
	db_free(db);
}

/* A role that lacks one of the rights that storing an event needs. */
static void
ready__events_may_not_be_written__503_with_the_reason(void **state)
{
	char limited[256], *body;
	struct db *db;

	(void)state;
	t_exec(url,
	    "DELETE FROM workers; CREATE ROLE reader LOGIN; GRANT USAGE ON "
	    "SCHEMA sqitch TO reader; "
	    "GRANT SELECT ON ALL TABLES IN SCHEMA public, sqitch TO reader; "
	    "GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO "
	    "reader; REVOKE INSERT ON event_keys FROM reader");
	snprintf(limited, sizeof(limited),
	    "postgresql://reader@127.0.0.1:%d/smartcity", cluster.port);
	assert_non_null(db = db_new(limited, "test", 3000));
	body = ask(db, "GET", "/ready", "", 503);
	assert_non_null(
	    strstr(body, "database: no right to INSERT into event_keys\""));
	free(body);
	db_free(db);
	t_exec(url, "GRANT INSERT ON event_keys TO reader");
	assert_non_null(db = db_new(limited, "test", 3000));
	body = ask(db, "GET", "/ready", "", 503);
	assert_null(strstr(body, "database: "));
	free(body);
	db_free(db);
}

static void
server__too_many_connections__counted_as_resources(void **state)
{
	char limited[256];
	struct db *db;

	(void)state;
	t_exec(url, "CREATE ROLE crowd LOGIN CONNECTION LIMIT 0");
	/* A first host that does not answer must not hide the reason. */
	snprintf(limited, sizeof(limited),
	    "postgresql://crowd@127.0.0.1:1,127.0.0.1:%d/smartcity",
	    cluster.port);
	assert_non_null(db = db_new(limited, "test", 3000));
	assert_int_equal(db_connect(db), STATUS_RETRY);
	assert_int_equal(told, DB_ERROR_RESOURCES);
	assert_string_equal(db_sqlstate(db), "53300");
	assert_non_null(strstr(
	    db_reason(db), "FATAL:  too many connections for role \"crowd\""));
	db_free(db);
}

static void
url__setting_with_a_pasted_secret__not_in_the_reason(void **state)
{
	static const char *const wrong[] = { "sslmode", "gssencmode",
		"channel_binding", "target_session_attrs", "keepalives_idle",
		"ssl_min_protocol_version", "port" };
	char text[256];
	struct db *db;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		snprintf(text, sizeof(text),
		    "postgresql://u@127.0.0.1/db?%s=geheim", wrong[i]);
		assert_non_null(db = db_new(text, "test", 500));
		assert_int_not_equal(db_connect(db), STATUS_OK);
		if (strstr(db_reason(db), "geheim") != NULL)
			fail_msg("%s: %s", wrong[i], db_reason(db));
		db_free(db);
	}
	setenv("PGSSLMODE", "geheim", 1);
	assert_non_null(
	    db = db_new("postgresql://u@127.0.0.1/db", "test", 500));
	assert_int_not_equal(db_connect(db), STATUS_OK);
	assert_non_null(strstr(db_reason(db), "sslmode"));
	assert_null(strstr(db_reason(db), "geheim"));
	db_free(db);
	unsetenv("PGSSLMODE");
}

static void
assert_refuses_to_start(const char *program, const char *database)
{
	char command[512];

	snprintf(command, sizeof(command),
	    "cd %s && DATABASE_URL='%s' \"$TEST_BUILD\"/%s --check 2>refused; "
	    "[ $? -eq 78 ] && grep -q '^%s: DATABASE_URL: refused: ' refused",
	    cluster.dir, database, program, program);
	assert_int_equal(system(command), 0);
}

static int
migrate(const char *database)
{
	char command[512];
	int status;

	snprintf(command, sizeof(command),
	    "DATABASE_URL='postgresql://postgres@127.0.0.1:%d/%s' "
	    "BUILD=\"$TEST_BUILD\" sql/migrate deploy >%s/migrated 2>&1",
	    cluster.port, database, cluster.dir);
	status = system(command);
	return WEXITSTATUS(status);
}

static void
database__prescribes_otherwise__migrated_all_the_same(void **state)
{
	(void)state;
	t_exec(url, "CREATE DATABASE strict");
	t_exec(url,
	    "ALTER DATABASE strict SET default_transaction_read_only = on");
	t_exec(url, "ALTER DATABASE strict SET statement_timeout = '1ms'");
	t_exec(url,
	    "ALTER DATABASE strict SET default_transaction_isolation = "
	    "'serializable'");
	t_exec(
	    url, "ALTER DATABASE strict SET standard_conforming_strings = off");
	t_exec(url, "ALTER DATABASE strict SET idle_session_timeout = '50ms'");
	t_exec(url,
	    "ALTER DATABASE strict SET "
	    "idle_in_transaction_session_timeout = '50ms'");
	assert_int_equal(migrate("strict"), 0);
}

static void
url__setting_with_a_pasted_secret__not_in_what_a_migration_says(void **state)
{
	static const char *const queries[] = { "sslmode=geheim",
		"connect_timeout=geheim", "channel_binding=geheim",
		"port=geheim" };
	char database[64];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(queries) / sizeof(*queries); i++) {
		snprintf(
		    database, sizeof(database), "smartcity?%s", queries[i]);
		assert_int_not_equal(migrate(database), 0);
		cluster_shell(&cluster,
		    "cat migrated; grep -q invalid migrated "
		    "&& ! grep geheim migrated");
	}
}

static void
database__latin1__refused_with_the_reason(void **state)
{
	char latin[256], *body;
	struct db *db;

	(void)state;
	t_exec(url,
	    "CREATE DATABASE latin TEMPLATE template0 ENCODING LATIN1 "
	    "LC_COLLATE 'C' LC_CTYPE 'C'");
	snprintf(latin, sizeof(latin),
	    "postgresql://postgres@127.0.0.1:%d/latin", cluster.port);
	assert_non_null(db = db_new(latin, "test", 3000));
	assert_int_equal(db_connect(db), STATUS_FAULT);
	assert_non_null(strstr(db_reason(db), "encoding is LATIN1"));
	assert_int_equal(told, DB_ERROR_UNFIT);
	ask_to_store(db, "x", "{}", 503);
	body = ask(db, "GET", "/ready", "", 503);
	assert_non_null(strstr(body, "encoding is LATIN1"));
	free(body);
	db_free(db);
	assert_refuses_to_start("smartcity-fcgi", latin);
	assert_refuses_to_start("smartcity-worker", latin);
	assert_int_equal(migrate("latin"), 78);
	cluster_shell(&cluster, "grep -q 'encoding is LATIN1' migrated");
}

/* An operator's own index, domain or trigger can refuse an event. */
static void
event__refused_by_the_database__kept_to_be_replayed(void **state)
{
	static const char *const bodies[] = {
		"{\"energy\":900,\"neighborhood\":\"refused\"}",
		"{\"neighborhood\":\"refused\"}"
	};
	struct db *db = open_db();
	char *kept, *answer;
	size_t i;

	(void)state;
	t_exec(url,
	    "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$"
	    "BEGIN IF NEW.payload::text LIKE '%%refused%%' THEN RAISE 'no' "
	    "USING ERRCODE = '54000'; END IF; RETURN NEW; END$$; "
	    "CREATE TRIGGER refuse BEFORE INSERT ON events FOR EACH ROW "
	    "EXECUTE FUNCTION refuse()");
	for (i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
		answer = ask(db, "POST", "/ingest/energy", bodies[i], 422);
		assert_non_null(strstr(answer,
		    "The database cannot store this value (SQLSTATE 54000)"));
		free(answer);
		kept = t_sql(url,
		    "SELECT convert_from(body, 'UTF8') FROM rejected_events "
		    "ORDER BY id DESC LIMIT 1");
		assert_string_equal(kept, bodies[i]);
		free(kept);
	}
	assert_int_equal(told, DB_ERROR_DATA);
	t_exec(url, "DROP TRIGGER refuse ON events; DROP FUNCTION refuse()");
	db_free(db);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(
	    server__fsync_turned_off_later__no_event_is_acknowledged),
	cmocka_unit_test(server__says_it_is_read_only__session_is_left),
	cmocka_unit_test(ready__events_may_not_be_written__503_with_the_reason),
	cmocka_unit_test(server__too_many_connections__counted_as_resources),
	cmocka_unit_test(url__setting_with_a_pasted_secret__not_in_the_reason),
	cmocka_unit_test(database__latin1__refused_with_the_reason),
	cmocka_unit_test(database__prescribes_otherwise__migrated_all_the_same),
	cmocka_unit_test(
	    url__setting_with_a_pasted_secret__not_in_what_a_migration_says),
	cmocka_unit_test(event__refused_by_the_database__kept_to_be_replayed),
};

T_MAIN_WITH(tests, setup, teardown)
