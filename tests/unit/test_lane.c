/*
 * How many deliveries to one receiver may be under way, so that no other
 * receiver's have to wait.
 */
#include "t.h"

#include "lane.h"

enum {
	MAX = 100
};

static void
lane__new_receiver__as_many_as_under_way(void **state)
{
	struct lane lane = { .max_in_flight = 16 };

	(void)state;
	assert_int_equal(lane_window(&lane), 16);
	assert_int_equal(lane_room(&lane, MAX), 16);
}

static void
lane__fast_receiver__holds_half_a_second_of_work(void **state)
{
	struct lane lane = { .max_in_flight = 16, .answer_ms = 100 };

	(void)state;
	assert_int_equal(lane_window(&lane), 80);
	lane.answer_ms = 1;
	assert_int_equal(lane_window(&lane), LANE_AHEAD_MAX);
}

static void
lane__slow_receiver__no_more_than_under_way(void **state)
{
	struct lane lane = { .max_in_flight = 16, .answer_ms = 10000 };

	(void)state;
	assert_int_equal(lane_window(&lane), 16);
}

static void
lane__many_allowed__window_never_less(void **state)
{
	struct lane lane = { .max_in_flight = 2000, .answer_ms = 1 };

	(void)state;
	assert_int_equal(lane_window(&lane), 2000);
}

static void
lane__full__no_room(void **state)
{
	struct lane lane = { .max_in_flight = 4, .held = 3 };

	(void)state;
	assert_int_equal(lane_room(&lane, MAX), 1);
	lane.held = 4;
	assert_int_equal(lane_room(&lane, MAX), 0);
	lane.held = 9; /* the window shrank meanwhile */
	assert_int_equal(lane_room(&lane, MAX), 0);
}

static void
lane__its_own_limit__not_passed(void **state)
{
	struct lane lane = { .max_in_flight = 2, .in_flight = 1 };

	(void)state;
	assert_true(lane_may_start(&lane, 1, MAX));
	lane.in_flight = 2;
	assert_false(lane_may_start(&lane, 2, MAX));
}

static void
lane__half_of_all_places_taken__one_each(void **state)
{
	struct lane lane = { .max_in_flight = 16 };

	(void)state;
	assert_true(lane_may_start(&lane, MAX / 2, MAX));
	lane.in_flight = 1;
	assert_true(lane_may_start(&lane, MAX / 2 - 1, MAX));
	assert_false(lane_may_start(&lane, MAX / 2, MAX));
}

static void
lane__half_of_all_places_taken__quick_ones_go_on(void **state)
{
	struct lane lane = {
		.max_in_flight = 16, .in_flight = 3, .answer_ms = 20
	};

	(void)state;
	assert_true(lane_may_start(&lane, MAX / 2, MAX));
	assert_true(lane_may_start(&lane, MAX - 1, MAX));
	lane.answer_ms = LANE_AHEAD_MS + 1;
	assert_false(lane_may_start(&lane, MAX / 2, MAX));
}

static void
lane__nothing_left_for_slow_ones__one_unless_quick(void **state)
{
	struct lane lane = { .max_in_flight = 16 };

	(void)state;
	assert_int_equal(lane_room(&lane, 5), 5);
	assert_int_equal(lane_room(&lane, 0), 1);
	assert_int_equal(lane_room(&lane, -3), 1);
	lane.held = 1;
	assert_int_equal(lane_room(&lane, 0), 0);
	assert_int_equal(lane_room(&lane, -3), 0);
	lane.answer_ms = LANE_AHEAD_MS;
	assert_int_equal(lane_room(&lane, 0), 15);
}

static void
lane__all_places_taken__none(void **state)
{
	struct lane lane = { .max_in_flight = 16 };

	(void)state;
	assert_true(lane_may_start(&lane, MAX - MAX / 8 - 1, MAX));
	assert_false(lane_may_start(&lane, MAX - MAX / 8, MAX));
	assert_true(lane_may_start(&lane, 0, 1));
	assert_false(lane_may_start(&lane, 1, 1));
	lane.answer_ms = 1;
	assert_true(lane_may_start(&lane, MAX - 1, MAX));
	assert_false(lane_may_start(&lane, MAX, MAX));
}

static void
lane__answers__smoothed(void **state)
{
	struct lane lane = { .max_in_flight = 16 };
	int i;

	(void)state;
	lane_answered(&lane, 80);
	assert_int_equal(lane.answer_ms, 80);
	lane_answered(&lane, 160);
	assert_int_equal(lane.answer_ms, 90);
	for (i = 0; i < 100; i++)
		lane_answered(&lane, 0);
	assert_in_range(lane.answer_ms, 1, 8);
}

static void
lane__failures__pace_unknown_then_broken(void **state)
{
	struct lane lane = { .max_in_flight = 16, .answer_ms = 5 };
	int i;

	(void)state;
	lane_failed(&lane);
	assert_false(lane_is_quick(&lane));
	assert_int_equal(lane_window(&lane), 16);
	for (i = 2; i < LANE_FAILURES; i++)
		lane_failed(&lane);
	assert_false(lane_is_broken(&lane));
	lane_failed(&lane);
	assert_true(lane_is_broken(&lane));
	lane_answered(&lane, 5);
	assert_false(lane_is_broken(&lane));
}

static void
lane__answer_far_slower__replaces_the_average(void **state)
{
	struct lane lane = { .max_in_flight = 16, .answer_ms = 5 };

	(void)state;
	lane_answered(&lane, 10000);
	assert_int_equal(lane.answer_ms, 10000);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(lane__new_receiver__as_many_as_under_way),
	cmocka_unit_test(lane__fast_receiver__holds_half_a_second_of_work),
	cmocka_unit_test(lane__slow_receiver__no_more_than_under_way),
	cmocka_unit_test(lane__many_allowed__window_never_less),
	cmocka_unit_test(lane__full__no_room),
	cmocka_unit_test(lane__its_own_limit__not_passed),
	cmocka_unit_test(lane__half_of_all_places_taken__one_each),
	cmocka_unit_test(lane__half_of_all_places_taken__quick_ones_go_on),
	cmocka_unit_test(lane__nothing_left_for_slow_ones__one_unless_quick),
	cmocka_unit_test(lane__all_places_taken__none),
	cmocka_unit_test(lane__answers__smoothed),
	cmocka_unit_test(lane__failures__pace_unknown_then_broken),
	cmocka_unit_test(lane__answer_far_slower__replaces_the_average),
};

T_MAIN(tests)
