/* What the live stream takes from a real database: in order, once, in time. */
#include "t.h"

#include <libpq-fe.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "db.h"

enum {
	TAKERS = 4,
	SENDERS = 2,
	COMMITS = 100 /* of three events, by each sender */
};

static const char *url;
static struct db *db;
static PGconn *other;

static int
setup(void **state)
{
	(void)state;
	url = t_database();
	t_exec(url,
	    "CREATE SEQUENCE puts;"
	    "CREATE FUNCTION put(name text, body json DEFAULT '{}') RETURNS "
	    "uuid"
	    " LANGUAGE sql AS $$"
	    " INSERT INTO events (id, service, \"timestamp\", payload)"
	    " VALUES ((left(uuid_v7_floor(clock_timestamp())::text, 14)"
	    "  || '7' || lpad(to_hex(nextval('puts')), 3, '0')"
	    "  || right(gen_random_uuid()::text, 18))::uuid,"
	    "  name, now(), body) RETURNING id $$;"
	    "CREATE TABLE told (id uuid, taker int, n serial)");
	db = db_new(url, "test", 5000);
	other = PQconnectdb(url);
	return db == NULL || PQstatus(other) != CONNECTION_OK;
}

static int
teardown(void **state)
{
	(void)state;
	PQfinish(other);
	db_free(db);
	t_drop(url);
	return 0;
}

static struct pg_result *
take(int events, int bytes)
{
	char n[16], room[16];
	const char *const values[] = { "s", n, room };
	struct pg_result *r = NULL;

	snprintf(n, sizeof(n), "%d", events);
	snprintf(room, sizeof(room), "%d", bytes);
	assert_int_equal(db_run(db, Q_stream_take, values, &r), STATUS_OK);
	return r;
}

/* What is taken, as the services' names: "a,b"; "-" for a row without one. */
static void
expect(int events, int bytes, const char *services, bool skipped)
{
	struct pg_result *r = take(events, bytes);
	char got[1024] = "";
	const char *name;
	size_t n = 0;
	int i;

	for (i = 0; i < pg_rows(r); i++) {
		name = pg_value(r, i, 3);
		n += (size_t)snprintf(got + n, sizeof(got) - n, "%s%s",
		    i > 0 ? "," : "", name != NULL ? name : "-");
		assert_int_equal(pg_is_true(r, i, 2), skipped);
		assert_int_equal(name == NULL, pg_value(r, i, 4) == NULL);
	}
	assert_string_equal(got, services);
	pg_free(r);
}

static int
begin(void **state)
{
	(void)state;
	t_exec(url, "TRUNCATE events, streams, told");
	pg_free(take(100, 100000));
	return 0;
}

static void
put(const char *service)
{
	t_exec(url, "SELECT put('%s')", service);
}

static void
in_other(const char *sql)
{
	PGresult *r = PQexec(other, sql);

	if (PQresultStatus(r) != PGRES_COMMAND_OK &&
	    PQresultStatus(r) != PGRES_TUPLES_OK)
		fail_msg("%s", PQerrorMessage(other));
	PQclear(r);
}

/* Nobody watched at that moment; the present one. */
static const char *
pass(const char *moment)
{
	static char present[32];
	const char *const values[] = { "s", moment };
	struct pg_result *r = NULL;

	assert_int_equal(db_run(db, Q_stream_pass, values, &r), STATUS_OK);
	snprintf(present, sizeof(present), "%s", pg_value(r, 0, 0));
	pg_free(r);
	return present;
}

/* --- what nobody watches --- */

static void
pass__new_stream__begins_at_the_present(void **state)
{
	(void)state;
	put("past");
	t_exec(url, "TRUNCATE streams");
	pass("");
	put("present");
	expect(100, 100000, "present", false);
}

static void
pass__first_time__nothing_passed_by(void **state)
{
	(void)state;
	put("a");
	pass("");
	expect(100, 100000, "a", false);
}

static void
pass__a_moment__what_was_before_it_and_no_more(void **state)
{
	char moment[32];

	(void)state;
	put("before");
	snprintf(moment, sizeof(moment), "%s", pass(""));
	put("after");
	pass(moment);
	expect(100, 100000, "after", false);
}

static void
pass__a_moment_long_past__never_back(void **state)
{
	char moment[32];

	(void)state;
	snprintf(moment, sizeof(moment), "%s", pass(""));
	put("a");
	expect(100, 100000, "a", false);
	pass(moment);
	expect(100, 100000, "", false);
}

static void
pass__transaction_open_at_that_moment__its_events_stay(void **state)
{
	char moment[32];

	(void)state;
	in_other("BEGIN; SELECT put('late')");
	snprintf(moment, sizeof(moment), "%s", pass(""));
	in_other("COMMIT");
	pass(moment);
	expect(100, 100000, "late", false);
}

/* --- what comes --- */

/* As after a dump was restored, or a replica took over that had lagged. */
static void
set_ahead(void)
{
	t_exec(url,
	    "UPDATE streams SET tx = '9000000000000000', updated_at = now()");
}

static void
take__stream_ahead_of_the_server__shows_what_came_lately(void **state)
{
	struct pg_result *r;

	(void)state;
	put("long_ago");
	t_exec(url, "UPDATE events SET created_at = now() - interval '1 hour'");
	put("lately");
	set_ahead();
	r = take(100, 100000);
	assert_int_equal(pg_rows(r), 1);
	assert_string_equal(pg_value(r, 0, 3), "lately");
	pg_free(r);
	put("next");
	expect(100, 100000, "next", false);
}

static void
take__stream_ahead_and_nothing_older__from_the_start(void **state)
{
	struct pg_result *r;

	(void)state;
	put("a");
	put("b");
	set_ahead();
	r = take(1, 100000);
	assert_int_equal(pg_rows(r), 1);
	assert_string_equal(
	    pg_value(r, 0, 0), "0.00000000-0000-0000-0000-000000000000");
	assert_true(pg_is_true(r, 0, 2));
	assert_string_equal(pg_value(r, 0, 3), "b");
	pg_free(r);
}

static void
pass__stream_ahead_of_the_server__begins_at_the_present(void **state)
{
	char moment[32];

	(void)state;
	set_ahead();
	snprintf(moment, sizeof(moment), "%s", pass(""));
	pass(moment);
	put("a");
	expect(100, 100000, "a", false);
}

static void
take__new_stream__begins_at_the_present(void **state)
{
	(void)state;
	put("past");
	t_exec(url, "TRUNCATE streams");
	expect(100, 100000, "", false);
	expect(100, 100000, "", false);
	put("present");
	expect(100, 100000, "present", false);
}

static void
take__several_commits__in_their_order_and_once(void **state)
{
	(void)state;
	put("a");
	t_exec(url, "SELECT put('b'), put('c')");
	put("d");
	expect(100, 100000, "a,b,c,d", false);
	expect(100, 100000, "", false);
	put("e");
	expect(100, 100000, "e", false);
}

static void
take__two_streams__each_gets_everything(void **state)
{
	static const char *const values[] = { "another", "100", "100000" };
	struct pg_result *r;

	(void)state;
	assert_int_equal(db_run(db, Q_stream_take, values, NULL), STATUS_OK);
	put("a");
	expect(100, 100000, "a", false);
	assert_int_equal(db_run(db, Q_stream_take, values, &r), STATUS_OK);
	assert_int_equal(pg_rows(r), 1);
	pg_free(r);
}

static void
take__any_event__as_get_events_returns_it(void **state)
{
	static const char expected[] =
	    "{\"id\":\"01a205e9-0000-7000-8000-000000000001\","
	    "\"service\":\"x\",\"timestamp\":\"2026-11-23T10:00:00.123000Z\","
	    "\"payload\":{\"n\": 1e2, \"m\": 12345678901234567890.10},"
	    "\"normalized_payload\":{\"n\": 100.0},"
	    "\"deduplication_key\":\"a \\\"key\\\"\","
	    "\"source_event_id\":\"01a205e9-0000-7000-8000-000000000002\","
	    "\"created_at\":\"2026-11-23T10:00:00.000001Z\"}";
	struct pg_result *r;

	(void)state;
	t_exec(url,
	    "INSERT INTO events (id, service, \"timestamp\", payload,"
	    " normalized_payload, deduplication_key, source_event_id,"
	    " created_at)"
	    " VALUES ('01a205e9-0000-7000-8000-000000000001', 'x',"
	    " '2026-11-23T10:00:00.123Z',"
	    " '{\"n\": 1e2, \"m\": 12345678901234567890.10}',"
	    " '{\"n\": 100.0}', 'a \"key\"',"
	    " '01a205e9-0000-7000-8000-000000000002',"
	    " '2026-11-23T10:00:00.000001Z')");
	r = take(100, 100000);
	assert_int_equal(pg_rows(r), 1);
	assert_string_equal(pg_value(r, 0, 4), expected);
	pg_free(r);
	put("y");
	r = take(100, 100000);
	assert_non_null(strstr(pg_value(r, 0, 4),
	    "\"normalized_payload\":null,\"deduplication_key\":null,"
	    "\"source_event_id\":null,"));
	pg_free(r);
}

static void
take__cursors__as_the_feed_takes_them(void **state)
{
	char tx[32];
	const char *const values[] = { tx, tx, "100", NULL };
	const char *feed[4];
	struct pg_result *r, *page;
	int i;

	(void)state;
	put("a");
	put("b");
	r = take(100, 100000);
	for (i = 0; i < 2; i++) {
		memcpy(feed, values, sizeof(feed));
		snprintf(tx, sizeof(tx), "%.*s",
		    (int)strcspn(pg_value(r, 0, i), "."), pg_value(r, 0, i));
		feed[1] = strchr(pg_value(r, 0, i), '.') + 1;
		assert_int_equal(
		    db_run(db, Q_events_feed, feed, &page), STATUS_OK);
		/* Without an event a row has the horizon alone. */
		assert_int_equal(pg_rows(page), i == 0 ? 2 : 1);
		assert_int_equal(pg_value(page, 0, 0) == NULL, i == 1);
		pg_free(page);
	}
	pg_free(r);
}

/* --- what is late --- */

static void
take__one_commits_late__held_back_and_none_passed_by(void **state)
{
	(void)state;
	in_other("BEGIN");
	in_other("SELECT put('late')");
	put("early");
	expect(100, 100000, "", false);
	in_other("COMMIT");
	expect(100, 100000, "late,early", false);
}

static void
take__one_is_rolled_back__never_seen(void **state)
{
	(void)state;
	in_other("BEGIN");
	in_other("SELECT put('never')");
	put("a");
	in_other("ROLLBACK");
	expect(100, 100000, "a", false);
}

static void
take__another_session_at_it__nothing_and_at_once(void **state)
{
	int64_t began;

	(void)state;
	put("a");
	in_other("BEGIN");
	in_other("SELECT FROM streams FOR UPDATE");
	began = clock_steady_ms();
	expect(100, 100000, "", false);
	assert_true(clock_steady_ms() - began < 2000);
	in_other("COMMIT");
	expect(100, 100000, "a", false);
}

/* --- what is too much --- */

static void
take__more_events_than_wanted__the_newest(void **state)
{
	(void)state;
	t_exec(url, "SELECT put('a'), put('b')");
	put("c");
	put("d");
	expect(2, 100000, "c,d", true);
	expect(2, 100000, "", false);
	put("e");
	put("f");
	expect(2, 100000, "e,f", false);
}

/* Each would be a megabyte of JSON: reading them all takes seconds. */
static void
take__many_that_are_too_long__not_even_read(void **state)
{
	int64_t began;

	(void)state;
	t_exec(url,
	    "INSERT INTO events (id, service, \"timestamp\", payload)"
	    " SELECT uuid_v7_floor(now() + n * interval '1 ms'), 'big', now(),"
	    "  to_json((SELECT string_agg(md5((n * m)::text), '')"
	    "   FROM generate_series(1, 16000) AS m))"
	    " FROM generate_series(1, 100) AS n");
	put("a");
	began = clock_steady_ms();
	expect(1000, 100000, "a", true);
	assert_true(clock_steady_ms() - began < 1000);
}

static void
take__more_bytes_than_wanted__the_newest_that_fit(void **state)
{
	struct pg_result *r;
	int two;

	(void)state;
	put("a");
	r = take(100, 100000);
	two = 2 * (int)strlen(pg_value(r, 0, 4));
	pg_free(r);
	put("b");
	put("c");
	put("d");
	expect(100, two, "c,d", true);
	put("e");
	put("f");
	expect(100, two, "e,f", false);
	put("g");
	put("h");
	expect(100, two - 1, "h", true);
}

static void
take__one_event_too_long__skipped_and_the_others_taken(void **state)
{
	(void)state;
	put("a");
	t_exec(url, "SELECT put('long', to_json(repeat('x', 5000)))");
	put("b");
	expect(100, 5000, "a,b", true);
	t_exec(url, "SELECT put('long', to_json(repeat('x', 5000)))");
	expect(100, 5000, "-", true);
	expect(100, 5000, "", false);
}

static void
take__no_events_wanted__cursor_moves_and_says_so(void **state)
{
	(void)state;
	expect(0, 100000, "", false);
	put("a");
	put("b");
	expect(0, 100000, "-", true);
	expect(100, 100000, "", false);
}

/* --- many at once --- */

static void
send(int sender)
{
	t_exec(url,
	    "DO $$ BEGIN FOR i IN 1..%d LOOP"
	    " PERFORM put('s%d'), put('s%d'), put('s%d'),"
	    "  pg_sleep(random() / 500);"
	    " COMMIT; END LOOP; END $$",
	    COMMITS, sender, sender, sender);
	_exit(0);
}

static void
tell(int taker, const struct pg_result *r)
{
	struct buf events;
	int i;

	buf_init(&events, 1 << 20);
	for (i = 0; i < pg_rows(r); i++)
		buf_printf(
		    &events, "%c%s", i == 0 ? '[' : ',', pg_value(r, i, 4));
	assert_false(events.failed);
	if (events.len > 0)
		t_exec(url,
		    "INSERT INTO told (id, taker) SELECT (x ->> 'id')::uuid, %d"
		    " FROM json_array_elements('%s]') AS x",
		    taker, events.data);
	buf_free(&events);
}

/* Takes until all of them together have them all. */
static void
take_all(int taker)
{
	int64_t end = clock_steady_ms() + 60000;
	struct pg_result *r;

	db = db_new(url, "taker", 5000);
	while (t_number(url, "SELECT count(*) FROM told") <
	    (long long)SENDERS * COMMITS * 3) {
		if (clock_steady_ms() > end)
			_exit(1);
		r = take(100000, 100000000);
		tell(taker, r);
		pg_free(r);
	}
	_exit(0);
}

static void
take__four_sessions_while_others_write__each_event_once(void **state)
{
	int i, status;
	pid_t pid;

	(void)state;
	for (i = 0; i < TAKERS + SENDERS; i++) {
		if ((pid = fork()) != 0)
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (i < TAKERS)
			take_all(i);
		send(i);
	}
	for (i = 0; i < TAKERS + SENDERS; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	assert_int_equal(
	    t_number(url, "SELECT count(*) FROM told"), SENDERS * COMMITS * 3);
	assert_int_equal(t_number(url, "SELECT count(DISTINCT id) FROM told"),
	    SENDERS * COMMITS * 3);
	/* And each session saw the order of the commits. */
	assert_int_equal(
	    t_number(url,
		"SELECT count(*) FROM (SELECT (tx, id) < lag((tx, id))"
		" OVER (PARTITION BY taker ORDER BY n) AS back"
		" FROM told JOIN events USING (id)) AS x WHERE back"),
	    0);
}

/* --- what it costs --- */

static void
take__much_history__read_by_the_index(void **state)
{
	PGresult *r;
	char plan[65536] = "", *sql;
	size_t n = 0;
	int i;

	(void)state;
	t_exec(url,
	    "SELECT count(put('x', to_json(repeat('x', g %% 300))))"
	    " FROM generate_series(1, 20000) AS g");
	t_exec(url, "ANALYZE events");
	assert_true(asprintf(&sql, "PREPARE take(text, int, int) AS %s",
			query_text(Q_stream_take)) > 0);
	in_other("SET plan_cache_mode = force_generic_plan");
	in_other(sql);
	free(sql);
	r = PQexec(other, "EXPLAIN EXECUTE take('s', 1000, 100000)");
	assert_int_equal(PQresultStatus(r), PGRES_TUPLES_OK);
	for (i = 0; i < PQntuples(r); i++)
		n += (size_t)snprintf(
		    plan + n, sizeof(plan) - n, "%s\n", PQgetvalue(r, i, 0));
	PQclear(r);
	if (strstr(plan, "_tx_id_idx") == NULL ||
	    strstr(plan, "Seq Scan on events") != NULL)
		fail_msg("%s", plan);
}

static void
streams__unused_for_a_week__forgotten_when_one_begins(void **state)
{
	(void)state;
	t_exec(url,
	    "INSERT INTO streams VALUES"
	    " ('old', '1', gen_random_uuid(), now() - interval '8 days'),"
	    " ('other', '1', gen_random_uuid(), now() - interval '6 days')");
	expect(100, 100000, "", false);
	assert_int_equal(t_number(url, "SELECT count(*) FROM streams"), 3);
	t_exec(url, "DELETE FROM streams WHERE name = 's'");
	expect(100, 100000, "", false);
	assert_int_equal(
	    t_number(url,
		"SELECT count(*) FROM streams WHERE name IN ('s', 'other')"),
	    2);
	t_exec(url,
	    "DELETE FROM streams WHERE name = 's';"
	    "INSERT INTO streams VALUES"
	    " ('old', '1', gen_random_uuid(), now() - interval '8 days')");
	pass("");
	assert_int_equal(
	    t_number(url,
		"SELECT count(*) FROM streams WHERE name IN ('s', 'other')"),
	    2);
	assert_int_equal(t_number(url, "SELECT count(*) FROM streams"), 2);
}

#define BEGIN(test) cmocka_unit_test_setup(test, begin)

static const struct CMUnitTest tests[] = {
	BEGIN(pass__new_stream__begins_at_the_present),
	BEGIN(pass__first_time__nothing_passed_by),
	BEGIN(pass__a_moment__what_was_before_it_and_no_more),
	BEGIN(pass__a_moment_long_past__never_back),
	BEGIN(pass__transaction_open_at_that_moment__its_events_stay),
	BEGIN(pass__stream_ahead_of_the_server__begins_at_the_present),
	BEGIN(take__stream_ahead_of_the_server__shows_what_came_lately),
	BEGIN(take__stream_ahead_and_nothing_older__from_the_start),
	BEGIN(take__new_stream__begins_at_the_present),
	BEGIN(take__several_commits__in_their_order_and_once),
	BEGIN(take__two_streams__each_gets_everything),
	BEGIN(take__any_event__as_get_events_returns_it),
	BEGIN(take__cursors__as_the_feed_takes_them),
	BEGIN(take__one_commits_late__held_back_and_none_passed_by),
	BEGIN(take__one_is_rolled_back__never_seen),
	BEGIN(take__another_session_at_it__nothing_and_at_once),
	BEGIN(take__more_events_than_wanted__the_newest),
	BEGIN(take__many_that_are_too_long__not_even_read),
	BEGIN(take__more_bytes_than_wanted__the_newest_that_fit),
	BEGIN(take__one_event_too_long__skipped_and_the_others_taken),
	BEGIN(take__no_events_wanted__cursor_moves_and_says_so),
	BEGIN(take__four_sessions_while_others_write__each_event_once),
	BEGIN(take__much_history__read_by_the_index),
	BEGIN(streams__unused_for_a_week__forgotten_when_one_begins),
};

T_MAIN_WITH(tests, setup, teardown)
