/*
 * GET /events?after=: in the order of commits, no event skipped or read twice.
 */
#include "outbox_rows.h"

#include <libpq-fe.h>
#include <string.h>

#include "id.h"
#include "stack.h"

static char target[256];

static void
put(PGconn *by, const char *service)
{
	struct id id = id_new();
	char sql[256];

	snprintf(sql, sizeof(sql),
	    "INSERT INTO events (id, service, timestamp, payload) "
	    "VALUES ('%s', '%s', now(), '{}')",
	    id.text, service);
	if (by == NULL)
		t_exec(url, "%s", sql);
	else
		PQclear(PQexec(by, sql));
}

/*
 * Reads a page and moves `target` to the page after it; returns the page's
 * number of events.
 */
static int
poll_feed(void)
{
	const char *link, *p;
	int n = 0;

	assert_int_equal(rows_call("GET", target), 200);
	for (p = rows_body; (p = strstr(p, "{\"id\":")) != NULL; p++)
		n++;
	assert_non_null(link = strchr(rows_headers, '<'));
	snprintf(target, sizeof(target), "%.*s", (int)strcspn(link + 1, ">"),
	    link + 1);
	return n;
}

static void
start(const char *first)
{
	snprintf(target, sizeof(target), "%s", first);
}

/* The transaction of the cursor. */
static long long
cursor(void)
{
	return strtoll(strstr(target, "after=") + 6, NULL, 10);
}

/* Autovacuum can hold back the horizon for a moment. */
struct wanted {
	int events;
	long long cursor;
};

static bool
is_there(void *arg)
{
	struct wanted *w = arg;

	w->events -= poll_feed();
	return w->events <= 0 && cursor() >= w->cursor;
}

/* Polls until `events` more events have come and the cursor is past tx. */
static void
await(int events, long long tx)
{
	struct wanted w = { events, tx };

	stack_wait(is_there, &w, "the events of the feed");
	assert_int_equal(w.events, 0);
}

static long long
last_tx(void)
{
	return t_number(url, "SELECT max(tx::text::bigint) FROM events");
}

static int
open_feed(void **state)
{
	rows_empty(state);
	start("/events?service=mine&limit=2&after=0");
	return 0;
}

static void
feed__nothing_passes_the_filter__the_cursor_moves_on(void **state)
{
	(void)state;
	put(NULL, "other");
	put(NULL, "other");
	await(0, last_tx() + 1);
	put(NULL, "other");
	await(0, last_tx() + 1);
	put(NULL, "mine");
	await(1, last_tx() + 1);
	assert_int_equal(poll_feed(), 0);
}

static void
feed__several_pages__each_event_once(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 5; i++)
		put(NULL, "mine");
	put(NULL, "other");
	await(5, last_tx() + 1);
	assert_int_equal(poll_feed(), 0);
}

static void
feed__event_committed_late__not_skipped(void **state)
{
	PGconn *late = PQconnectdb(url);
	long long stands, early;
	int seen, i;

	(void)state;
	PQclear(PQexec(late, "BEGIN"));
	put(late, "mine");
	put(NULL, "mine");
	put(NULL, "other");
	early = last_tx();
	for (i = seen = 0; i < 3; i++)
		seen += poll_feed();
	stands = cursor();
	PQclear(PQexec(late, "COMMIT"));
	PQfinish(late);
	assert_int_equal(seen, 0);
	assert_true(stands < early);
	await(2, early + 1);
}

/* Makes `target` begin `from_next` after the server's next transaction. */
static void
start_at(long long from_next)
{
	snprintf(target, sizeof(target),
	    "/events?after=%lld.01a205b3-d001-7000-8000-000000000001",
	    t_number(url,
		"SELECT "
		"pg_snapshot_xmax(pg_current_snapshot())::text::bigint") +
		from_next);
}

static void
refused(const char *at)
{
	assert_int_equal(rows_call("GET", at), 409);
	assert_non_null(strstr(rows_body, "ahead of this server"));
	assert_non_null(strstr(rows_body, "Begin again at after=0"));
	assert_null(strchr(rows_headers, '<'));
}

static void
feed__cursor_ahead_of_the_server__refused_with_how_to_go_on(void **state)
{
	int i;

	(void)state;
	put(NULL, "mine");
	refused("/events?after=9000000000000000000.01a205b3-d001-7000-8000-"
		"000000000001");
	refused("/events?service=mine&limit=1&after=9223372036854775807."
		"00000000-0000-0000-0000-000000000000");
	/* The server's transactions come closer, and then reach the cursor. */
	start_at(50);
	for (i = 0; i < 3; i++) {
		refused(target);
		put(NULL, "mine");
	}
	for (i = 0; i < 50; i++)
		t_exec(url, "SELECT pg_current_xact_id()");
	assert_int_equal(poll_feed(), 0);
	put(NULL, "mine");
	await(1, last_tx() + 1);
}

/* Reads with the server's own cursors, also while a transaction is open. */
static void
feed__cursor_of_this_server__never_refused(void **state)
{
	PGconn *late = PQconnectdb(url);
	int i;

	(void)state;
	for (i = 0; i < 20; i++) {
		start("/events?after=0");
		put(NULL, "mine");
		if (i % 2 == 0)
			PQclear(
			    PQexec(late, "BEGIN; SELECT pg_current_xact_id()"));
		poll_feed();
		poll_feed();
		poll_feed();
		if (i % 2 == 0)
			PQclear(PQexec(late, "ROLLBACK"));
		poll_feed();
		poll_feed();
	}
	PQfinish(late);
	start_at(0);
	poll_feed();
}

/*
 * Without `after`, a cursor is an id; beyond the newest id it lists all events.
 */
static void
list__cursor_ahead__from_the_newest(void **state)
{
	(void)state;
	put(NULL, "mine");
	assert_int_equal(rows_call("GET",
			     "/events?cursor=ffffffff-ffff-7fff-bfff-"
			     "ffffffffffff"),
	    200);
	assert_non_null(strstr(rows_body, J("'service':'mine'")));
}

/* Runs the SQL in the lines of sql/README.md that begin with `beginning`. */
static void
run_readme(const char *beginning)
{
	char line[256];
	int n = 0;
	FILE *f = fopen("sql/README.md", "r");

	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, beginning, strlen(beginning)) != 0)
			continue;
		t_exec(url, "%s", line);
		n++;
	}
	fclose(f);
	assert_true(n > 0);
}

/* The dump is of a cluster that had more transactions than this one. */
static void
feed__restored_from_a_dump__numbered_anew_all_is_there(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 3; i++)
		put(NULL, "mine");
	t_exec(url, "UPDATE events SET tx = '9000000000000000'");
	assert_int_equal(poll_feed(), 0);
	run_readme("    BEGIN; UPDATE events ");
	start("/events?service=mine&limit=2&after=0");
	await(3, last_tx());
	put(NULL, "mine");
	await(1, last_tx() + 1);
}

static void
retention__week_dropped__it_is_gone_and_its_keys(void **state)
{
	(void)state;
	t_exec(url,
	    "SELECT events_partition_create('events', '2026-01-14Z');"
	    "INSERT INTO events (id, service, timestamp, payload) SELECT"
	    " uuid_v7_floor('2026-01-14Z'), 'mine', now(), '{}';"
	    "INSERT INTO event_keys VALUES"
	    " ('mine', 'old', uuid_v7_floor('2026-01-14Z')),"
	    " ('mine', 'new', uuid_v7_floor(now()))");
	put(NULL, "mine");
	run_readme("    DROP TABLE events_");
	run_readme("    DELETE FROM ");
	await(1, last_tx() + 1);
	assert_int_equal(
	    t_number(url, "SELECT count(*) FROM event_keys WHERE key = 'new'"),
	    1);
	assert_int_equal(t_number(url, "SELECT count(*) FROM event_keys"), 1);
	t_exec(url, "TRUNCATE event_keys");
}

#define TEST(name) cmocka_unit_test_setup(name, open_feed)

static const struct CMUnitTest tests[] = {
	TEST(feed__nothing_passes_the_filter__the_cursor_moves_on),
	TEST(feed__several_pages__each_event_once),
	TEST(feed__event_committed_late__not_skipped),
	TEST(feed__cursor_ahead_of_the_server__refused_with_how_to_go_on),
	TEST(feed__cursor_of_this_server__never_refused),
	TEST(list__cursor_ahead__from_the_newest),
	TEST(feed__restored_from_a_dump__numbered_anew_all_is_there),
	TEST(retention__week_dropped__it_is_gone_and_its_keys),
};

T_MAIN_WITH(tests, database_open, rows_close)
