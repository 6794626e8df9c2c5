/*
 * Statements that are kept with constants (pg_run_kept): what they return, and
 * what becomes of them.
 */
#include "t.h"

#include <string.h>

#include "database.h"
#include "event_row.h"
#include "id.h"

#define FIRST "01a205b3-d000-7000-8000-000000000001"
#define SECOND "01a205b3-d000-7000-8000-000000000002"

/* How many events the page has. */
static int
page(const char *cursor, const char *low, const char *high, const char *limit,
    int open)
{
	const char *const values[EVENTS_PAGE_ARGS] = {
		[EVENTS_PAGE_ARG_CURSOR] = cursor,
		[EVENTS_PAGE_ARG_LOW] = low,
		[EVENTS_PAGE_ARG_HIGH] = high,
		[EVENTS_PAGE_ARG_LIMIT] = limit,
		[EVENTS_PAGE_ARG_OFFSET] = "0",
	};
	struct pg_result *r = NULL;
	int i, rows = 0;

	/* Planned for its values, prepared, and prepared already. */
	for (i = 0; i < 3; i++) {
		assert_int_equal(
		    db_run_kept(database, Q_events_page, values, open, &r),
		    STATUS_OK);
		assert_true(i == 0 || pg_rows(r) == rows);
		rows = pg_rows(r);
		pg_free(r);
	}
	return rows;
}

static int
empty(void **state)
{
	(void)state;
	t_exec(url,
	    "DELETE FROM events; INSERT INTO events (id, service,"
	    " \"timestamp\", payload) VALUES ('" FIRST "', 's', now(), '{}'),"
	    " ('" SECOND "', 's', now(), '{}')");
	return 0;
}

static void
kept__open_and_constant_values__each_used(void **state)
{
	(void)state;
	assert_int_equal(page(ID_LAST, FIRST, ID_LAST, "100", 0), 2);
	assert_int_equal(page(ID_LAST, SECOND, ID_LAST, "100", 0), 1);
	assert_int_equal(page(ID_LAST, FIRST, ID_LAST, "1", 0), 1);
	assert_int_equal(page(SECOND, FIRST, ID_LAST, "100", 1), 1);
	assert_int_equal(page(FIRST, FIRST, ID_LAST, "100", 1), 0);
	assert_int_equal(page(ID_LAST, FIRST, ID_LAST, "100", 1), 2);
	assert_int_equal(page(ID_LAST, FIRST, ID_LAST, NULL, 0), 2);
}

/* More than are kept, again and again. */
static void
kept__many__the_oldest_make_room(void **state)
{
	char limit[8];
	int i;

	(void)state;
	for (i = 0; i < 60; i++) {
		snprintf(limit, sizeof(limit), "%d", 1 + i % 20);
		assert_int_equal(page(ID_LAST, FIRST, ID_LAST, limit, i % 2),
		    i % 20 == 0 ? 1 : 2);
	}
}

/* The statement is prepared again; in a session that broke, too. */
static void
kept__session_broken__prepared_in_the_next(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		assert_int_equal(page(ID_LAST, FIRST, ID_LAST, "7", 0), 2);
		t_exec(
		    url, "SELECT pg_terminate_backend(%d)", database_backend());
	}
	assert_int_equal(page(ID_LAST, FIRST, ID_LAST, "7", 0), 2);
}

static void
kept__forgotten_by_the_server__prepared_again(void **state)
{
	(void)state;
	assert_int_equal(page(ID_LAST, FIRST, ID_LAST, "8", 0), 2);
	/* As a change of the schema can make it: 0A000. */
	t_exec(url, "ALTER TABLE events ALTER service TYPE varchar");
	assert_int_equal(page(ID_LAST, FIRST, ID_LAST, "8", 0), 2);
	t_exec(url, "ALTER TABLE events ALTER service TYPE text");
	assert_int_equal(page(ID_LAST, FIRST, ID_LAST, "8", 0), 2);
}

/* What a client can send as a filter. */
static void
kept__odd_values__taken_as_they_are(void **state)
{
	static const char *const odd[] = { "it's", "a\\'b", "x\n'; --", "--",
		"/*", "$1", "'||'", "NULL", "", "NULL,NULL", "\xc3\xa9" };
	const char *values[EVENTS_SEARCH_ARGS] = {
		[EVENTS_SEARCH_ARG_CURSOR] = ID_LAST,
		[EVENTS_SEARCH_ARG_LOW] = FIRST,
		[EVENTS_SEARCH_ARG_HIGH] = ID_LAST,
		[EVENTS_SEARCH_ARG_LIMIT] = "5",
		[EVENTS_SEARCH_ARG_OFFSET] = "0",
	};
	struct pg_result *r = NULL;
	char set[64];
	size_t i;
	int open;

	(void)state;
	for (i = 0; i < 2 * (sizeof(odd) / sizeof(*odd)); i++) {
		open = (int)(i % 2);
		values[EVENTS_SEARCH_ARG_SERVICE] = odd[i / 2];
		snprintf(set, sizeof(set), "%s", odd[i / 2]);
		t_exec(url,
		    "UPDATE events SET service = $odd$%s$odd$ WHERE id = "
		    "'" SECOND "'",
		    set);
		assert_int_equal(
		    db_run_kept(database, Q_events_search, values, open, &r),
		    STATUS_OK);
		if (pg_rows(r) != 1 ||
		    strcmp(pg_value(r, 0, EVENTS_SEARCH_SERVICE), set) != 0)
			fail_msg("%s: %d rows", set, pg_rows(r));
		pg_free(r);
	}
	values[EVENTS_SEARCH_ARG_SERVICE] = "\xff";
	assert_int_equal(db_run_kept(database, Q_events_search, values, 0, &r),
	    STATUS_REJECT);
}

/* Also a value that is too long for it. */
static void
kept__long_value__planned_instead(void **state)
{
	char *text = test_malloc(601);
	const char *values[EVENTS_SEARCH_ARGS] = {
		[EVENTS_SEARCH_ARG_CURSOR] = ID_LAST,
		[EVENTS_SEARCH_ARG_LOW] = FIRST,
		[EVENTS_SEARCH_ARG_HIGH] = ID_LAST,
		[EVENTS_SEARCH_ARG_SERVICE] = text,
	};
	struct pg_result *r = NULL;

	(void)state;
	memset(text, 'x', 600);
	text[600] = '\0';
	t_exec(url, "UPDATE events SET service = repeat('x', 600)");
	assert_int_equal(
	    db_run_kept(database, Q_events_search, values, 0, &r), STATUS_OK);
	assert_int_equal(pg_rows(r), 2);
	pg_free(r);
	test_free(text);
}

static void
kept__cannot_be_prepared__status_and_reason(void **state)
{
	const char *const values[EVENTS_PAGE_ARGS] = { ID_LAST, "no id",
		ID_LAST, "100", "0" };
	struct pg_result *r = NULL;

	(void)state;
	assert_int_equal(
	    db_run_kept(database, Q_events_page, values, 0, &r), STATUS_REJECT);
	assert_null(r);
	assert_string_equal(db_sqlstate(database), "22P02");
	assert_int_equal(page(ID_LAST, FIRST, ID_LAST, "9", 0), 2);
}

#define TEST(name) cmocka_unit_test_setup(name, empty)

static const struct CMUnitTest tests[] = {
	TEST(kept__open_and_constant_values__each_used),
	TEST(kept__many__the_oldest_make_room),
	TEST(kept__session_broken__prepared_in_the_next),
	TEST(kept__forgotten_by_the_server__prepared_again),
	TEST(kept__odd_values__taken_as_they_are),
	TEST(kept__long_value__planned_instead),
	TEST(kept__cannot_be_prepared__status_and_reason),
};

T_MAIN_WITH(tests, database_open, database_drop)
