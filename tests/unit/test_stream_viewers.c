/*
 * The live stream: counting viewers, skipping events while nobody watches, and
 * the budget.
 */
#include "t.h"

#include <unistd.h>

#include "stream.h"
#include "stream_world.h"

/* --- does anybody watch? --- */

/* It is unknown which events the lost answer held: all count as skipped. */
static void
stream__answer_of_the_database_lost__the_next_says_since_when(void **state)
{
	int again;

	(void)state;
	for (again = 0; again < 2; again++) {
		batch("1.a", "2.b", false);
		add("energy", "{\"n\":1}");
		tick();
		if (again == 0) {
			database = STATUS_RETRY;
			clock_ms += 250;
			assert_int_equal(stream_tick(s, NULL), STATUS_RETRY);
			database = STATUS_OK;
		}
		is_repeated = again != 0;
		batch("5.c", "6.d", false);
		add("energy", "{\"n\":2}");
		tick();
		is_repeated = false;
		expect_post(0, "all",
		    J("{'events':[{'n':2}],'cursor':'6.d',"
		      "'skipped_after':'2.b'}"));
		expect_post(1, "service.energy",
		    J("{'events':[{'n':2}],'cursor':'6.d',"
		      "'skipped_after':'2.b'}"));
	}
}

static void
stream__passed_by_then_an_answer_lost__since_the_pass(void **state)
{
	(void)state;
	tick_for_2_s();
	watching = 1;
	tick(); /* skips what was before 100 */
	is_repeated = true;
	batch("200.x", "300.y", false);
	add("energy", "{\"n\":1}");
	tick();
	expect_post(0, "all",
	    J("{'events':[{'n':1}],'cursor':'300.y','skipped_after':"
	      "'100.00000000-0000-0000-0000-000000000000'}"));
}

static void
stream__nobody_watches__passed_by_as_of_before_the_answer(void **state)
{
	(void)state;
	tick_for_2_s();
	assert_string_equal(passed.moment, "");
	tick();
	assert_string_equal(passed.moment, "100");
	tick_for_2_s();
	assert_string_equal(passed.moment, "900");
	assert_int_equal(taken.n, 0);
	assert_int_equal(post_count, 0);
}

static void
stream__first_viewer__taken_from_where_nobody_had_come(void **state)
{
	(void)state;
	tick_for_2_s();
	watching = 1;
	tick();
	assert_string_equal(passed.moment, "100");
	batch("1.a", "2.c", false);
	add("x", "1");
	tick();
	assert_int_equal(passed.n, 10);
	assert_int_equal(taken.n, 1);
	assert_int_equal(post_count, 2);
}

static void
stream__last_viewer_left__goes_on_while_it_may_come_back(void **state)
{
	int i;

	(void)state;
	watching = 1;
	tick();
	watching = 0;
	batch("1.a", "1.a", false);
	for (i = 0; i < 30 * 4; i++)
		tick();
	assert_int_equal(passed.n, 1);
	assert_int_equal(taken.n, 30 * 4);
	clock_ms += 10000;
	before = NULL;
	tick();
	assert_int_equal(passed.n, 2);
	assert_int_equal(taken.n, 30 * 4);
}

static void
stream__answer_waits__nothing_passed_by(void **state)
{
	(void)state;
	holds_answer = true;
	tick();
	tick();
	tick();
	assert_int_equal(passed.n, 1);
	answer_viewers();
	tick();
	assert_int_equal(passed.n, 2);
	nginx_status = -1;
	answer_viewers();
}

/* A viewer connected, and an event for it was stored, before nginx's count. */
static void
stream__viewer_counted_late__its_first_event_is_not_passed_by(void **state)
{
	int i;

	(void)state;
	tick_for_2_s();
	tick_for_2_s();
	/* 1900 is the moment of the viewer's event. */
	for (i = 0; i < 7; i++)
		tick();
	watching = 1;
	tick();
	assert_int_equal(passed.n, 26);
	assert_string_equal(passed.moment, "1700");
}

static void
stream__no_answer__logged_once_and_nothing_passed_by(void **state)
{
	FILE *f = tmpfile();
	int saved = dup(STDERR_FILENO);

	(void)state;
	assert_non_null(f);
	dup2(fileno(f), STDERR_FILENO);
	tick();
	nginx_status = -1;
	tick();
	tick();
	assert_string_equal(passed.moment, "");
	assert_int_equal(count(logged(f), "accepts no events"), 1);
	nginx_status = 202;
	tick();
	tick_for_2_s();
	assert_string_equal(passed.moment, "400");
	assert_int_equal(count(logged(f), "accepts events again"), 1);
	dup2(saved, STDERR_FILENO);
	close(saved);
	fclose(f);
}

static void
stream__viewers_not_to_be_counted__somebody(void **state)
{
	(void)state;
	watching = -1;
	tick();
	batch("1.a", "1.a", false);
	tick();
	assert_int_equal(taken.n, 1);
}

/* --- the budget's use --- */

static void
stream__many_viewers__less_is_taken_for_them(void **state)
{
	(void)state;
	batch("1.a", "2.c", false);
	add("x", "1");
	tick();
	assert_int_equal(taken.events, 1000);
	assert_int_equal(taken.bytes, 256 * 1024);
	viewers = 5000;
	tick();
	tick();
	assert_int_equal(taken.bytes, 10000);
}

static void
stream__budget_spent__waits(void **state)
{
	(void)state;
	viewers = 2000000; /* 50 bytes for each viewer, twice */
	batch("1.a", "2.c", false);
	add("x", "1");
	tick();
	tick();
	assert_int_equal(taken.n, 1);
	clock_ms += 5000;
	tick();
	assert_int_equal(taken.n, 2);
	assert_int_equal(taken.bytes, 1024);
}

static const struct CMUnitTest tests[] = {
	WATCHED(stream__answer_of_the_database_lost__the_next_says_since_when),
	OPEN(stream__passed_by_then_an_answer_lost__since_the_pass),
	OPEN(stream__nobody_watches__passed_by_as_of_before_the_answer),
	OPEN(stream__first_viewer__taken_from_where_nobody_had_come),
	OPEN(stream__last_viewer_left__goes_on_while_it_may_come_back),
	OPEN(stream__answer_waits__nothing_passed_by),
	OPEN(stream__viewer_counted_late__its_first_event_is_not_passed_by),
	OPEN(stream__no_answer__logged_once_and_nothing_passed_by),
	OPEN(stream__viewers_not_to_be_counted__somebody),
	WATCHED(stream__many_viewers__less_is_taken_for_them),
	WATCHED(stream__budget_spent__waits),
};

T_MAIN(tests)
