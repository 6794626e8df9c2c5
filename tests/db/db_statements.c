/*
 * Prepared statements that are gone or stale, and a schema that is too old.
 */
#include "t.h"

#include <string.h>

#include "database.h"
#include "db.h"
#include "request.h"
#include "route.h"
#include "stack.h"

static void
db__connected__every_statement_prepared(void **state)
{
	struct db *db = db_new(url, "test", 3000);

	(void)state;
	assert_non_null(db);
	assert_int_equal(db_connect(db), STATUS_OK);
	assert_int_equal(database_beat(db), STATUS_OK);
	db_free(db);
}

static void
db__plan_gone__prepared_again(void **state)
{
	struct db *db = db_new(url, "test", 3000);

	(void)state;
	assert_int_equal(database_beat(db), STATUS_OK);
	t_exec(url, "ALTER TABLE workers ADD COLUMN note text");
	assert_int_equal(database_beat(db), STATUS_OK);
	t_exec(url, "ALTER TABLE events ADD COLUMN note text");
	assert_int_equal(db_run(db, Q_event_get,
			     (const char *const[EVENT_GET_ARGS]){
				 "00000000-0000-0000-0000-000000000000" },
			     NULL),
	    STATUS_OK);
	db_free(db);
}

static int
count_rejected(struct db *db)
{
	static const char *const id[] = {
		"00000000-0000-0000-0000-000000000000"
	};
	struct pg_result *r = NULL;
	int n;

	assert_int_equal(db_run(db, Q_rejected_get, id, &r), STATUS_OK);
	n = pg_rows(r);
	pg_free(r);
	return n;
}

/* The server answers 0A000, "cached plan must not change result type". */
static void
db__result_type_changed__run_again_unnoticed(void **state)
{
	struct db *db = db_new(url, "test", 3000);
	int pid;

	(void)state;
	assert_int_equal(count_rejected(db), 0);
	pid = database_backend();
	t_exec(url,
	    "ALTER TABLE rejected_events ALTER deduplication_key "
	    "TYPE varchar(300)");
	assert_int_equal(count_rejected(db), 0);
	assert_int_not_equal(database_backend(), pid);
	db_free(db);
}

/* The server answers 26000, as after a pooler's DISCARD ALL. */
static void
db__statements_gone__run_again_unnoticed(void **state)
{
	struct db *db = db_new(url, "test", 3000);
	int pid;

	(void)state;
	t_exec(url,
	    "CREATE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql AS $$"
	    "BEGIN EXECUTE 'DEALLOCATE ALL'; RETURN NEW; END$$;"
	    "CREATE TRIGGER forget BEFORE INSERT ON workers FOR EACH ROW "
	    "EXECUTE FUNCTION forget()");
	assert_int_equal(database_beat(db), STATUS_OK);
	pid = database_backend();
	t_exec(url, "DROP TRIGGER forget ON workers; DROP FUNCTION forget()");
	assert_int_equal(database_beat(db), STATUS_OK);
	assert_int_not_equal(database_backend(), pid);
	db_free(db);
}

static void
assert_ready(struct db *db, int status, const char *reason)
{
	static const struct config config = { .worker_seen = 60 };
	const struct context context = { .db = db, .config = &config };
	const struct request request = {
		.method = "GET", .path = "/ready", .query = "", .body = ""
	};
	struct response response;

	response_init(&response);
	route_handle(&context, &request, &response);
	assert_int_equal(response.status, status);
	if (strstr(response.body.data, reason) == NULL)
		fail_msg("%s", response.body.data);
	buf_free(&response.headers);
	buf_free(&response.body);
}

/* The program was upgraded before the schema. */
static void
ready__schema_older_than_the_program__503_until_it_is_migrated(void **state)
{
	struct db *db = db_new(url, "test", 3000);
	char missing[128];

	(void)state;
	snprintf(missing, sizeof(missing), "migrations are missing, up to %s",
	    query_schema());
	assert_int_equal(database_beat(db), STATUS_OK);
	assert_ready(db, 200, "ready");
	t_exec(url,
	    "UPDATE sqitch.changes SET change = 'older' WHERE change = '%s'",
	    query_schema());
	assert_ready(db, 503, missing);
	t_exec(url,
	    "UPDATE sqitch.changes SET change = '%s' WHERE change = 'older'",
	    query_schema());
	assert_ready(db, 200, "ready");
	db_free(db);
	/* A column that a statement names is missing in the schema. */
	t_exec(url, "ALTER TABLE workers RENAME last_seen_at TO older");
	db = db_new(url, "test", 3000);
	assert_ready(db, 503, missing);
	db_free(db);
	t_exec(url, "ALTER TABLE workers RENAME older TO last_seen_at");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(db__connected__every_statement_prepared),
	cmocka_unit_test(db__plan_gone__prepared_again),
	cmocka_unit_test(db__result_type_changed__run_again_unnoticed),
	cmocka_unit_test(db__statements_gone__run_again_unnoticed),
	cmocka_unit_test(
	    ready__schema_older_than_the_program__503_until_it_is_migrated),
};

T_MAIN_WITH(tests, database_make, database_drop)
