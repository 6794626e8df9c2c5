/*
 * What a live stream takes if there is too much, or if many sessions take.
 */
#include "t.h"

#include <libpq-fe.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "db.h"
#include "stream_taken.h"

enum {
	TAKERS = 4,
	SENDERS = 2,
	COMMITS = 100 /* of each sender, with three events each */
};

/* --- too much --- */

static void
take__more_events_than_wanted__the_newest(void **state)
{
	(void)state;
	t_exec(url, "SELECT put('a'), put('b')");
	taken_put("c");
	taken_put("d");
	taken_expect(2, 100000, "c,d", true);
	taken_expect(2, 100000, "", false);
	taken_put("e");
	taken_put("f");
	taken_expect(2, 100000, "e,f", false);
}

/* Each event is a megabyte of JSON: to read all would take seconds. */
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
	taken_put("a");
	began = clock_steady_ms();
	taken_expect(1000, 100000, "a", true);
	assert_true(clock_steady_ms() - began < 1000);
}

static void
take__more_bytes_than_wanted__the_newest_that_fit(void **state)
{
	struct pg_result *r;
	int two;

	(void)state;
	taken_put("a");
	r = taken_take(100, 100000);
	two = 2 * (int)strlen(pg_value(r, 0, 4));
	pg_free(r);
	taken_put("b");
	taken_put("c");
	taken_put("d");
	taken_expect(100, two, "c,d", true);
	taken_put("e");
	taken_put("f");
	taken_expect(100, two, "e,f", false);
	taken_put("g");
	taken_put("h");
	taken_expect(100, two - 1, "h", true);
}

static void
take__one_event_too_long__skipped_and_the_others_taken(void **state)
{
	(void)state;
	taken_put("a");
	t_exec(url, "SELECT put('long', to_json(repeat('x', 5000)))");
	taken_put("b");
	taken_expect(100, 5000, "a,b", true);
	t_exec(url, "SELECT put('long', to_json(repeat('x', 5000)))");
	taken_expect(100, 5000, "-", true);
	taken_expect(100, 5000, "", false);
}

static void
take__no_events_wanted__cursor_moves_and_says_so(void **state)
{
	(void)state;
	taken_expect(0, 100000, "", false);
	taken_put("a");
	taken_put("b");
	taken_expect(0, 100000, "-", true);
	taken_expect(100, 100000, "", false);
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

/* Takes until all takers together have all events. */
static void
take_all(int taker)
{
	int64_t end = clock_steady_ms() + 60000;
	struct pg_result *r;

	database = db_new(url, "taker", 5000);
	while (t_number(url, "SELECT count(*) FROM told") <
	    (long long)SENDERS * COMMITS * 3) {
		if (clock_steady_ms() > end)
			_exit(1);
		r = taken_take(100000, 100000000);
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
	/* Each session saw the order of the commits. */
	assert_int_equal(
	    t_number(url,
		"SELECT count(*) FROM (SELECT (tx, id) < lag((tx, id))"
		" OVER (PARTITION BY taker ORDER BY n) AS back"
		" FROM told JOIN events USING (id)) AS x WHERE back"),
	    0);
}

/* --- cost --- */

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
	taken_in_other("SET plan_cache_mode = force_generic_plan");
	taken_in_other(sql);
	free(sql);
	r = PQexec(taken_other, "EXPLAIN EXECUTE take('s', 1000, 100000)");
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
	taken_expect(100, 100000, "", false);
	assert_int_equal(t_number(url, "SELECT count(*) FROM streams"), 3);
	t_exec(url, "DELETE FROM streams WHERE name = 's'");
	taken_expect(100, 100000, "", false);
	assert_int_equal(
	    t_number(url,
		"SELECT count(*) FROM streams WHERE name IN ('s', 'other')"),
	    2);
	t_exec(url,
	    "DELETE FROM streams WHERE name = 's';"
	    "INSERT INTO streams VALUES"
	    " ('old', '1', gen_random_uuid(), now() - interval '8 days')");
	taken_pass("");
	assert_int_equal(
	    t_number(url,
		"SELECT count(*) FROM streams WHERE name IN ('s', 'other')"),
	    2);
	assert_int_equal(t_number(url, "SELECT count(*) FROM streams"), 2);
}

static const struct CMUnitTest tests[] = {
	BEGIN(take__more_events_than_wanted__the_newest),
	BEGIN(take__many_that_are_too_long__not_even_read),
	BEGIN(take__more_bytes_than_wanted__the_newest_that_fit),
	BEGIN(take__one_event_too_long__skipped_and_the_others_taken),
	BEGIN(take__no_events_wanted__cursor_moves_and_says_so),
	BEGIN(take__four_sessions_while_others_write__each_event_once),
	BEGIN(take__much_history__read_by_the_index),
	BEGIN(streams__unused_for_a_week__forgotten_when_one_begins),
};

T_MAIN_WITH(tests, taken_open, taken_close)
