/*
 * The names of parameters and columns in the statements' lines "-- takes:" and
 * "-- returns:", compared with PostgreSQL's description of the statements.
 */
#include "t.h"

#include <libpq-fe.h>
#include <stdbool.h>
#include <string.h>

#include "buf.h"
#include "database.h"
#include "db.h"

static const struct {
	const char *name, *takes, *returns, *text;
	int args;
} queries[] = {
#define NAMES(...)
#define QUERY(stem, args, takes, returns, text)                                \
	{ #stem, takes, returns, text, args },
#define SCHEMA(change)
#include "queries.def"
#undef NAMES
#undef QUERY
#undef SCHEMA
};

enum {
	QUERIES = sizeof(queries) / sizeof(*queries)
};

/* PostgreSQL's description of a statement. */
static PGresult *
describe(PGconn *conn, int q)
{
	PGresult *r =
	    PQprepare(conn, queries[q].name, queries[q].text, 0, NULL);

	if (PQresultStatus(r) != PGRES_COMMAND_OK)
		fail_msg("%s: %s", queries[q].name, PQerrorMessage(conn));
	PQclear(r);
	r = PQdescribePrepared(conn, queries[q].name);
	if (PQresultStatus(r) != PGRES_COMMAND_OK)
		fail_msg("%s: %s", queries[q].name, PQerrorMessage(conn));
	return r;
}

static int
count_words(const char *words)
{
	int n = *words != '\0';

	for (; *words != '\0'; words++)
		n += *words == ' ';
	return n;
}

static void
queries__described__have_as_many_parameters_as_they_take(void **state)
{
	PGconn *conn = PQconnectdb(url);
	PGresult *r;
	int q;

	(void)state;
	for (q = 0; q < QUERIES; q++) {
		r = describe(conn, q);
		if (PQnparams(r) != queries[q].args ||
		    count_words(queries[q].takes) != queries[q].args)
			fail_msg("%s has %d parameters and takes %d: %s",
			    queries[q].name, PQnparams(r), queries[q].args,
			    queries[q].takes);
		PQclear(r);
	}
	PQfinish(conn);
}

static void
queries__described__have_the_columns_they_return(void **state)
{
	PGconn *conn = PQconnectdb(url);
	struct buf columns;
	PGresult *r;
	int q, i;

	(void)state;
	for (q = 0; q < QUERIES; q++) {
		r = describe(conn, q);
		buf_init(&columns, 4096);
		buf_puts(&columns, "");
		for (i = 0; i < PQnfields(r); i++)
			buf_printf(
			    &columns, "%s%s", i > 0 ? " " : "", PQfname(r, i));
		if (strcmp(columns.len > 0 ? columns.data : "",
			queries[q].returns) != 0)
			fail_msg("%s has the columns %s and returns %s",
			    queries[q].name,
			    columns.len > 0 ? columns.data : "none",
			    queries[q].returns);
		buf_free(&columns);
		PQclear(r);
	}
	PQfinish(conn);
}

/* The n-th word, counted from 1. */
static void
get_word(const char *words, int n, char word[64])
{
	while (--n > 0)
		words += strcspn(words, " ") + 1;
	snprintf(word, 64, "%.*s", (int)strcspn(words, " "), words);
}

/* Whether this is a column by itself, not the end of a comparison. */
static bool
is_whole(const char *text, const char *at)
{
	while (at > text && (at[-1] == ' ' || at[-1] == '\n'))
		at--;
	return at > text && (at[-1] == ',' || at[-1] == 'T'); /* SELECT */
}

/* Fails unless parameter n is taken as `named`, or as prefix_named. */
static void
check_name(int q, int n, const char *named)
{
	char taken[64];
	const char *end;

	get_word(queries[q].takes, n, taken);
	end = taken + strlen(taken) - strlen(named);
	if (strcmp(taken, named) != 0 &&
	    (end <= taken || end[-1] != '_' || strcmp(end, named) != 0))
		fail_msg("%s: $%d is %s, and taken as %s", queries[q].name, n,
		    named, taken);
}

static int
check_columns(int q)
{
	const char *at = queries[q].text;
	char named[64];
	int n, len, found = 0;

	for (; (at = strchr(at, '$')); at++) {
		len = 0;
		if (!is_whole(queries[q].text, at) ||
		    sscanf(at, "$%d::%*[a-z0-9] AS %n", &n, &len) < 1 ||
		    len == 0)
			continue;
		at += len + (at[len] == '"');
		snprintf(named, sizeof(named), "%.*s",
		    (int)strspn(at, "abcdefghijklmnopqrstuvwxyz_"), at);
		check_name(q, n, named);
		found++;
	}
	return found;
}

/* The columns of "FROM unnest($1::…, …) … AS name(one, …)". */
static int
check_arrays(int q)
{
	const char *at = queries[q].text, *name;
	char named[64];
	int n, found = 0;

	while ((at = strstr(at, "FROM unnest($"))) {
		at = strchr(at, '$');
		name = strstr(at, " AS ");
		name = name != NULL ? name + strcspn(name, "(\n") : at;
		for (n = atoi(at + 1); *name == '(' || *name == ','; n++) {
			name += strspn(name, "(, \"\n");
			snprintf(named, sizeof(named), "%.*s",
			    (int)strcspn(name, ",\")"), name);
			name += strcspn(name, ",)");
			/* The last is WITH ORDINALITY. */
			if (*name == ')')
				break;
			check_name(q, n, named);
			found++;
		}
	}
	return found;
}

/*
 * If a statement has a column "$2::text AS service", or an array $2 whose
 * elements are the column service, its second parameter must have that name.
 */
static void
queries__parameter_named_in_sql__taken_under_that_name(void **state)
{
	int q, columns = 0, arrays = 0;

	(void)state;
	for (q = 0; q < QUERIES; q++) {
		columns += check_columns(q);
		arrays += check_arrays(q);
	}
	assert_true(columns >= 4);
	assert_true(arrays >= 21);
}

static const struct {
	const char *name;
	int arg, column;
} positions[] = {
	{ "event_get", EVENT_GET_ARG_ID, EVENT_GET_SERVICE },
	{ "events_feed", EVENTS_FEED_ARG_LIMIT, EVENTS_FEED_AHEAD },
	{ "outbox_claim", OUTBOX_CLAIM_ARG_LANE_LIMIT, OUTBOX_CLAIM_HEADERS },
};

static void
queries__generated_enums__count_from_zero_in_the_order_of_the_lines(
    void **state)
{
	static const struct {
		int arg, column;
	} expected[] = { { 0, 1 }, { 2, 10 }, { 5, 22 } };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(expected) / sizeof(*expected); i++) {
		assert_int_equal(positions[i].arg, expected[i].arg);
		assert_int_equal(positions[i].column, expected[i].column);
	}
	assert_int_equal(EVENT_GET_ARGS, 3);
	assert_int_equal(EVENTS_AHEAD_ARGS, 0);
	assert_int_equal(EVENTS_FEED_COLUMNS, 11);
	assert_int_equal(EVENTS_INSERT_COLUMNS, 0);
}

/* page_get_row passes an id and nothing else. */
static void
queries__run_by_page_get_row__take_an_id_alone(void **state)
{
	static const enum query run[] = { Q_event_trace, Q_outbox_get,
		Q_rejected_get };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(run) / sizeof(*run); i++)
		assert_string_equal(queries[run[i]].takes, "id");
}

#define ID "01a205b3-d000-7000-8000-000000000001"

static void
db_run__parameters_left_out__null(void **state)
{
	const char *const values[EVENTS_INGEST_ARGS] = {
		[EVENTS_INGEST_ARG_TIMESTAMP] = "{2026-11-23T10:00:00Z}",
		[EVENTS_INGEST_ARG_SERVICE] = "{weather}",
		[EVENTS_INGEST_ARG_PAYLOAD] = "{\"{}\"}",
		[EVENTS_INGEST_ARG_ID] = "{" ID "}",
	};
	struct db *db = db_new(url, "test", 3000);
	struct pg_result *r = NULL;

	(void)state;
	assert_int_equal(db_run(db, Q_events_ingest, values, &r), STATUS_OK);
	assert_int_equal(pg_rows(r), 1);
	assert_string_equal(pg_value(r, 0, EVENTS_INGEST_ID), ID);
	assert_null(pg_value(r, 0, EVENTS_INGEST_DERIVED_EVENT_ID));
	assert_int_equal(
	    t_number(url,
		"SELECT count(*) FROM events WHERE id = '%s'"
		" AND service = 'weather' AND payload::text = '{}'"
		" AND normalized_payload IS NULL"
		" AND deduplication_key IS NULL AND request_id IS NULL",
		ID),
	    1);
	assert_int_equal(t_number(url, "SELECT count(*) FROM event_keys"), 0);
	pg_free(r);
	db_free(db);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    queries__described__have_as_many_parameters_as_they_take),
		cmocka_unit_test(
		    queries__described__have_the_columns_they_return),
		cmocka_unit_test(
		    queries__parameter_named_in_sql__taken_under_that_name),
		cmocka_unit_test(
		    queries__generated_enums__count_from_zero_in_the_order_of_the_lines),
		cmocka_unit_test(
		    queries__run_by_page_get_row__take_an_id_alone),
		cmocka_unit_test(db_run__parameters_left_out__null),
	};

	t_main();
	return cmocka_run_group_tests_name(
	    __FILE__, tests, database_make, database_drop);
}
