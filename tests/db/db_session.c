/* A session has our settings, whatever server, database and role prescribe. */
#include "t.h"

#include <string.h>

#include "ask.h"
#include "cluster.h"
#include "db.h"
#include "rejected.h"

static struct cluster cluster;
static char url[256];
static char admin[512]; /* url with write access */

static int
setup(void **state)
{
	(void)state;
	cluster_open(&cluster);
	snprintf(url, sizeof(url), "%s", cluster_url(&cluster));
	snprintf(admin, sizeof(admin),
	    "%s?options=-cdefault_transaction_read_only%%3Doff", url);
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

static char *
get(const char *path)
{
	struct db *db = open_db();
	char *body = ask(db, "GET", path, "", 200);

	db_free(db);
	return body;
}

static const char *const prescribed[] = {
	"bytea_output = 'escape'",
	"datestyle = 'SQL, DMY'",
	"timezone = 'Asia/Kathmandu'",
	"intervalstyle = 'sql_standard'",
	"extra_float_digits = -15",
	"standard_conforming_strings = off",
	"array_nulls = off",
	"client_encoding = 'LATIN1'",
	"default_transaction_isolation = 'serializable'",
	"default_transaction_read_only = on",
	"default_transaction_deferrable = on",
	"synchronous_commit = off",
	"exit_on_error = on",
	"plan_cache_mode = 'force_generic_plan'",
	"idle_in_transaction_session_timeout = '1ms'",
	"idle_session_timeout = '50ms'",
};

static void
prescribe(bool all)
{
	size_t i;

	for (i = 0; i < sizeof(prescribed) / sizeof(*prescribed); i++)
		if (all)
			t_exec(admin, "ALTER DATABASE smartcity SET %s",
			    prescribed[i]);
	if (!all)
		t_exec(admin, "ALTER DATABASE smartcity RESET ALL");
}

static void
assert_same_as_before(const char *path, char *before)
{
	char *now = get(path);

	assert_string_equal(now, before);
	free(now);
	free(before);
}

static void
session__database_prescribes_otherwise__answers_are_the_same(void **state)
{
	struct db *db = open_db();
	char *events, *rejected;

	(void)state;
	ask_to_store(db, "energy",
	    "{\"energy\":1234.5678901,\"n\":\"S\u00e3o \\\\ \u20ac\"}", 200);
	ask_to_store(db, "energy", "{\"energy\":\"m\u00e4\xff\\n\"}", 422);
	db_free(db);
	events = get("/events");
	rejected = get("/rejected");
	prescribe(true);
	assert_same_as_before("/events", events);
	assert_same_as_before("/rejected", rejected);
	prescribe(false);
}

static void
session__database_prescribes_otherwise__events_are_stored(void **state)
{
	static const char *const ahead[] = { "4" };
	struct pg_result *r = NULL;
	struct db *db;

	(void)state;
	prescribe(true);
	db = open_db();
	ask_to_store(
	    db, "health", J("{'alert':'emergency','patient_id':7}"), 200);
	ask_to_store(db, "health", "{\"patient_id\":\"m\u00e4\"}", 422);
	assert_int_equal(db_run(db, Q_partitions_ensure, ahead, &r), STATUS_OK);
	pg_free(r);
	db_free(db);
	prescribe(false);
}

/* The server would end our session while it waits for the next request. */
static void
session__database_ends_idle_sessions__ours_stays(void **state)
{
	struct db *db;
	int i;

	(void)state;
	prescribe(true);
	db = open_db();
	ask_to_store(db, "x", "{}", 200);
	t_exec(admin, "SELECT pg_sleep(0.2)");
	for (i = 0; i < 2; i++) {
		ask_to_store(db, "x", "{}", 200);
		assert_false(db_was_repeated(db));
	}
	db_free(db);
	prescribe(false);
}

static void
session__statements_are_given_no_time__ours_have_their_own(void **state)
{
	char *shown;

	(void)state;
	t_exec(
	    admin, "ALTER DATABASE smartcity SET statement_timeout = '300ms'");
	t_exec(admin,
	    "CREATE FUNCTION nap() RETURNS trigger LANGUAGE plpgsql AS "
	    "$$BEGIN PERFORM pg_sleep(0.6); RETURN NEW; END$$; "
	    "CREATE TRIGGER nap BEFORE INSERT ON workers FOR EACH ROW "
	    "EXECUTE FUNCTION nap()");
	{
		struct db *db = open_db();

		assert_int_equal(db_run(db, Q_worker_beat,
				     (const char *const[]){ "w", "[]" }, NULL),
		    STATUS_OK);
		db_free(db);
	}
	t_exec(admin,
	    "DROP TRIGGER nap ON workers; DROP FUNCTION nap(); "
	    "ALTER DATABASE smartcity RESET ALL");
	shown = t_sql(url, "SHOW statement_timeout");
	assert_string_equal(shown, "0");
	free(shown);
}

static void
body__not_as_bytea_is_written__refused_and_not_read_on(void **state)
{
	static const char *const wrong[] = { "", "\\", "\\x0", "\\x00f", "abc",
		"\\x0g", "\\xABCD", "\\x00\\", "x00", "\\000" };
	struct buf out;
	size_t i;

	(void)state;
	for (i = 0; i <= sizeof(wrong) / sizeof(*wrong); i++) {
		/* A copy of exactly the text's length, for the sanitizer. */
		char *text = i == 0 ? NULL : strdup(wrong[i - 1]);

		buf_init(&out, 100);
		rejected_put_body(&out, text);
		assert_true(out.failed);
		buf_free(&out);
		free(text);
	}
	buf_init(&out, 100);
	rejected_put_body(&out, "\\x61ff62");
	assert_false(out.failed);
	assert_string_equal(out.data,
	    "\"a\xef\xbf\xbd"
	    "b\"");
	buf_free(&out);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(
	    session__database_prescribes_otherwise__answers_are_the_same),
	cmocka_unit_test(
	    session__database_prescribes_otherwise__events_are_stored),
	cmocka_unit_test(session__database_ends_idle_sessions__ours_stays),
	cmocka_unit_test(
	    session__statements_are_given_no_time__ours_have_their_own),
	cmocka_unit_test(
	    body__not_as_bytea_is_written__refused_and_not_read_on),
};

T_MAIN_WITH(tests, setup, teardown)
