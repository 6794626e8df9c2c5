/*
 * What a live stream takes: from where, in which order, and late commits.
 */
#include "t.h"

#include <string.h>

#include "clock.h"
#include "db.h"
#include "stream_taken.h"

/* --- nobody watches --- */

static void
pass__new_stream__begins_at_the_present(void **state)
{
	(void)state;
	taken_put("past");
	t_exec(url, "TRUNCATE streams");
	taken_pass("");
	taken_put("present");
	taken_expect(100, 100000, "present", false);
}

static void
pass__first_time__nothing_passed_by(void **state)
{
	(void)state;
	taken_put("a");
	taken_pass("");
	taken_expect(100, 100000, "a", false);
}

static void
pass__a_moment__what_was_before_it_and_no_more(void **state)
{
	char moment[32];

	(void)state;
	taken_put("before");
	snprintf(moment, sizeof(moment), "%s", taken_pass(""));
	taken_put("after");
	taken_pass(moment);
	taken_expect(100, 100000, "after", false);
}

static void
pass__a_moment_long_past__never_back(void **state)
{
	char moment[32];

	(void)state;
	snprintf(moment, sizeof(moment), "%s", taken_pass(""));
	taken_put("a");
	taken_expect(100, 100000, "a", false);
	taken_pass(moment);
	taken_expect(100, 100000, "", false);
}

static void
pass__transaction_open_at_that_moment__its_events_stay(void **state)
{
	char moment[32];

	(void)state;
	taken_in_other("BEGIN; SELECT put('late')");
	snprintf(moment, sizeof(moment), "%s", taken_pass(""));
	taken_in_other("COMMIT");
	taken_pass(moment);
	taken_expect(100, 100000, "late", false);
}

/* --- new events --- */

/* Puts the stream ahead, as a restored dump or a promoted replica does. */
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
	taken_put("long_ago");
	t_exec(url, "UPDATE events SET created_at = now() - interval '1 hour'");
	taken_put("lately");
	set_ahead();
	r = taken_take(100, 100000);
	assert_int_equal(pg_rows(r), 1);
	assert_string_equal(pg_value(r, 0, 3), "lately");
	pg_free(r);
	taken_put("next");
	taken_expect(100, 100000, "next", false);
}

static void
take__stream_ahead_and_nothing_older__from_the_start(void **state)
{
	struct pg_result *r;

	(void)state;
	taken_put("a");
	taken_put("b");
	set_ahead();
	r = taken_take(1, 100000);
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
	snprintf(moment, sizeof(moment), "%s", taken_pass(""));
	taken_pass(moment);
	taken_put("a");
	taken_expect(100, 100000, "a", false);
}

static void
take__new_stream__begins_at_the_present(void **state)
{
	(void)state;
	taken_put("past");
	t_exec(url, "TRUNCATE streams");
	taken_expect(100, 100000, "", false);
	taken_expect(100, 100000, "", false);
	taken_put("present");
	taken_expect(100, 100000, "present", false);
}

static void
take__several_commits__in_their_order_and_once(void **state)
{
	(void)state;
	taken_put("a");
	t_exec(url, "SELECT put('b'), put('c')");
	taken_put("d");
	taken_expect(100, 100000, "a,b,c,d", false);
	taken_expect(100, 100000, "", false);
	taken_put("e");
	taken_expect(100, 100000, "e", false);
}

static void
take__two_streams__each_gets_everything(void **state)
{
	static const char *const values[] = { "another", "100", "100000" };
	struct pg_result *r;

	(void)state;
	assert_int_equal(
	    db_run(database, Q_stream_take, values, NULL), STATUS_OK);
	taken_put("a");
	taken_expect(100, 100000, "a", false);
	assert_int_equal(
	    db_run(database, Q_stream_take, values, &r), STATUS_OK);
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
	r = taken_take(100, 100000);
	assert_int_equal(pg_rows(r), 1);
	assert_string_equal(pg_value(r, 0, 4), expected);
	pg_free(r);
	taken_put("y");
	r = taken_take(100, 100000);
	assert_non_null(strstr(pg_value(r, 0, 4),
	    J("'normalized_payload':null,'deduplication_key':null,"
	      "'source_event_id':null,")));
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
	taken_put("a");
	taken_put("b");
	r = taken_take(100, 100000);
	for (i = 0; i < 2; i++) {
		memcpy(feed, values, sizeof(feed));
		snprintf(tx, sizeof(tx), "%.*s",
		    (int)strcspn(pg_value(r, 0, i), "."), pg_value(r, 0, i));
		feed[1] = strchr(pg_value(r, 0, i), '.') + 1;
		assert_int_equal(
		    db_run(database, Q_events_feed, feed, &page), STATUS_OK);
		/* A row without an event has only the horizon. */
		assert_int_equal(pg_rows(page), i == 0 ? 2 : 1);
		assert_int_equal(pg_value(page, 0, 0) == NULL, i == 1);
		pg_free(page);
	}
	pg_free(r);
}

/* --- late commits --- */

static void
take__one_commits_late__held_back_and_none_passed_by(void **state)
{
	(void)state;
	taken_in_other("BEGIN");
	taken_in_other("SELECT put('late')");
	taken_put("early");
	taken_expect(100, 100000, "", false);
	taken_in_other("COMMIT");
	taken_expect(100, 100000, "late,early", false);
}

static void
take__one_is_rolled_back__never_seen(void **state)
{
	(void)state;
	taken_in_other("BEGIN");
	taken_in_other("SELECT put('never')");
	taken_put("a");
	taken_in_other("ROLLBACK");
	taken_expect(100, 100000, "a", false);
}

static void
take__another_session_at_it__nothing_and_at_once(void **state)
{
	int64_t began;

	(void)state;
	taken_put("a");
	taken_in_other("BEGIN");
	taken_in_other("SELECT FROM streams FOR UPDATE");
	began = clock_steady_ms();
	taken_expect(100, 100000, "", false);
	assert_true(clock_steady_ms() - began < 2000);
	taken_in_other("COMMIT");
	taken_expect(100, 100000, "a", false);
}

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
};

T_MAIN_WITH(tests, taken_open, taken_close)
