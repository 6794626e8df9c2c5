/*
 * Ids and the database's clock, while this host's clocks jump.
 */
#include "t.h"

#include <stdbool.h>
#include <string.h>

#include "clock.h"
#include "dbclock.h"
#include "id.h"

#define S INT64_C(1000000)
#define NOW (INT64_C(1795428000) * S)

static int64_t wall_us, steady_us;

int64_t
clock_wall_us(void)
{
	return wall_us;
}

int64_t
clock_steady_us(void)
{
	return steady_us;
}

int64_t
clock_steady_ms(void)
{
	return steady_us / 1000;
}

static int
set_clocks(void **state)
{
	(void)state;
	wall_us = NOW;
	steady_us = 77 * S;
	return 0;
}

/* --- ids --- */

static int64_t
ms_of(uint64_t tick)
{
	return (int64_t)(tick >> 12);
}

static void
id_tick__small_step_back__goes_on_ascending(void **state)
{
	static const int64_t steps[] = { 0, 1, S / 1000, S, 10 * S - 1000 };
	uint64_t last = id_tick(0, NOW), next;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		next = id_tick(last, NOW - steps[i]);
		assert_true(next == last + 1);
		last = next;
	}
	assert_int_equal(ms_of(last), NOW / 1000);
}

static void
id_tick__long_step_back__follows_the_clock(void **state)
{
	static const int64_t steps[] = { 11 * S, 60 * S, 3 * 3600 * S,
		365 * 86400 * S };
	uint64_t last = id_tick(0, NOW);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(steps) / sizeof(*steps); i++)
		assert_int_equal(ms_of(id_tick(last, NOW - steps[i])),
		    (NOW - steps[i]) / 1000);
}

static void
id_tick__step_ahead_and_corrected__follows_both(void **state)
{
	uint64_t tick = id_tick(id_tick(0, NOW), NOW + 7200 * S);

	(void)state;
	assert_int_equal(ms_of(tick), NOW / 1000 + 7200000);
	tick = id_tick(tick, NOW + S);
	assert_int_equal(ms_of(tick), NOW / 1000 + 1000);
}

/* Each step is small, but the sum of all steps is not. */
static void
id_tick__many_small_steps_back__follows_in_the_end(void **state)
{
	uint64_t last = id_tick(0, NOW);
	int i;

	(void)state;
	for (i = 1; i <= 100; i++) {
		last = id_tick(last, NOW - i * S);
		assert_in_range(ms_of(last), NOW / 1000 - i * 1000,
		    NOW / 1000 - i * 1000 + 10000);
	}
}

static void
id__wall_clock_three_hours_back__time_in_it_is_the_new_one(void **state)
{
	struct id id = id_new(), next;

	(void)state;
	assert_int_equal(id_ms(&id), NOW / 1000);
	wall_us -= 5 * S;
	next = id_new();
	assert_true(strcmp(id.text, next.text) < 0);
	wall_us -= 3 * 3600 * S;
	id = id_new();
	assert_int_equal(id_ms(&id), wall_us / 1000);
	wall_us += S;
	id = id_new();
	assert_int_equal(id_ms(&id), wall_us / 1000);
}

/* --- the database's clock --- */

/*
 * Passes on an answer that took 200 ms, from a database whose clock is ahead of
 * this host's; its now() is from the middle of the 200 ms.
 */
static void
hear(int64_t ahead_us)
{
	struct moment asked = dbclock_moment();
	char shown[32];

	wall_us += S / 10;
	steady_us += S / 10;
	snprintf(
	    shown, sizeof(shown), "%.6f", (double)(wall_us + ahead_us) / S);
	wall_us += S / 10;
	steady_us += S / 10;
	dbclock_hear(shown, &asked);
}

static void
dbclock__nothing_heard__this_hosts_clock(void **state)
{
	(void)state;
	assert_int_equal(dbclock_us(), NOW);
	assert_true(dbclock_skew() == 0);
	dbclock_hear(NULL, &(struct moment){ NOW, 0 });
	dbclock_hear("", &(struct moment){ NOW, 0 });
	dbclock_hear("infinity", &(struct moment){ NOW, 0 });
	assert_int_equal(dbclock_us(), NOW);
}

static void
dbclock__heard__right_also_after_this_host_steps(void **state)
{
	(void)state;
	hear(7200 * S);
	assert_in_range(
	    dbclock_us(), wall_us + 7200 * S - 10, wall_us + 7200 * S + 10);
	wall_us -= 3 * 3600 * S; /* only this host's clock */
	steady_us += 5 * S;
	assert_in_range(dbclock_us(), NOW + 7205 * S, NOW + 7206 * S);
}

static void
dbclock__skew__by_sign_and_no_more_than_is_certain(void **state)
{
	(void)state;
	hear(-7200 * S); /* less half of the 200 ms that the answer took */
	assert_true(dbclock_skew() > 7199 && dbclock_skew() < 7200);
	hear(7200 * S);
	assert_true(dbclock_skew() < -7199 && dbclock_skew() > -7200);
	hear(0);
	assert_true(dbclock_skew() == 0);
	/* A statement that took a minute proves little. */
	assert_int_equal(dbclock_skew_us(NOW + 40 * S, NOW, NOW + 60 * S), 0);
	assert_int_equal(
	    dbclock_skew_us(NOW + 100 * S, NOW, NOW + 60 * S), -40 * S);
	assert_int_equal(dbclock_skew_us(NOW - 40 * S, NOW, NOW + S), 40 * S);
}

/* The steady clock measures the wait, even if the wall clock steps. */
static void
dbclock__wall_clock_steps_while_it_waits__no_skew_of_its_own(void **state)
{
	struct moment asked = dbclock_moment();
	char shown[32];

	(void)state;
	snprintf(shown, sizeof(shown), "%.6f", (double)wall_us / S);
	wall_us += 3600 * S;
	steady_us += S / 10;
	dbclock_hear(shown, &asked);
	assert_true(dbclock_skew() == 0);
}

static void
dbclock__far__from_half_a_minute_on(void **state)
{
	char text[128];

	(void)state;
	assert_false(dbclock_is_far(30));
	assert_true(dbclock_is_far(30.5));
	assert_true(dbclock_is_far(-31));
	dbclock_text(text, sizeof(text), "this host", 7200.4);
	assert_string_equal(text, "this host is 7200 s ahead of the database");
	dbclock_text(text, sizeof(text), "this host", -31);
	assert_string_equal(text, "this host is 31 s behind the database");
}

static void
dbclock__told__once_at_each_change(void **state)
{
	atomic_bool told = false;

	(void)state;
	hear(0);
	dbclock_tell(&told);
	assert_false(told);
	hear(-60 * S);
	dbclock_tell(&told);
	assert_true(told);
	dbclock_tell(&told);
	hear(0);
	dbclock_tell(&told);
	assert_false(told);
}

#define TEST(test) cmocka_unit_test_setup(test, set_clocks)

static const struct CMUnitTest tests[] = {
	TEST(id_tick__small_step_back__goes_on_ascending),
	TEST(id_tick__long_step_back__follows_the_clock),
	TEST(id_tick__step_ahead_and_corrected__follows_both),
	TEST(id_tick__many_small_steps_back__follows_in_the_end),
	TEST(id__wall_clock_three_hours_back__time_in_it_is_the_new_one),
	TEST(dbclock__nothing_heard__this_hosts_clock),
	TEST(dbclock__heard__right_also_after_this_host_steps),
	TEST(dbclock__skew__by_sign_and_no_more_than_is_certain),
	TEST(dbclock__wall_clock_steps_while_it_waits__no_skew_of_its_own),
	TEST(dbclock__far__from_half_a_minute_on),
	TEST(dbclock__told__once_at_each_change),
};

T_MAIN(tests)
