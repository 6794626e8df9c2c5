/* When a delivery is tried again; schedules as text. */
#include "t.h"

#include "retry.h"

enum {
	PLENTY = 100,
	NONE = -1
};

static struct schedule schedule;

static int
usual(void **state)
{
	char error[256];

	(void)state;
	return schedule_parse(&schedule, "0,1,5,30,120,600", error) !=
	    STATUS_OK;
}

/* The middle of the spread: jitter takes 20 % off and adds 0 to 40 %. */
static int64_t
middle_ms(int attempts)
{
	int64_t low = retry_delay_ms(&schedule, attempts, PLENTY, NONE, 0);

	return low * 100 / (100 - RETRY_JITTER_PERCENT);
}

static void
retry__each_attempt__as_the_schedule_says(void **state)
{
	static const int64_t seconds[] = { 1, 5, 30, 120, 600 };
	int i;

	(void)state;
	for (i = 0; i < 5; i++)
		assert_int_equal(middle_ms(i + 1), seconds[i] * 1000);
}

static void
retry__beyond_the_schedule__its_last_number(void **state)
{
	(void)state;
	assert_int_equal(middle_ms(6), 600 * 1000);
	assert_int_equal(middle_ms(99), 600 * 1000);
}

static void
retry__last_attempt_made__never(void **state)
{
	(void)state;
	assert_true(retry_delay_ms(&schedule, 9, 10, NONE, 7) > 0);
	assert_int_equal(retry_delay_ms(&schedule, 10, 10, NONE, 7), -1);
	assert_int_equal(retry_delay_ms(&schedule, 11, 10, NONE, 7), -1);
	assert_int_equal(retry_delay_ms(&schedule, 1, 1, 5000, 7), -1);
}

static void
retry__any_random__within_20_percent(void **state)
{
	uint32_t random;

	(void)state;
	for (random = 0; random < 100000; random += 7)
		assert_in_range(
		    retry_delay_ms(&schedule, 2, PLENTY, NONE, random), 4000,
		    6000);
	assert_in_range(retry_delay_ms(&schedule, 5, PLENTY, NONE, UINT32_MAX),
	    480000, 720000);
}

static void
retry__all_randoms__whole_spread_used(void **state)
{
	(void)state;
	assert_int_equal(retry_delay_ms(&schedule, 1, PLENTY, NONE, 0), 800);
	assert_int_equal(retry_delay_ms(&schedule, 1, PLENTY, NONE, 400), 1200);
	assert_int_equal(retry_delay_ms(&schedule, 1, PLENTY, NONE, 401), 800);
}

static void
retry__delay_of_zero__at_once(void **state)
{
	char error[256];

	(void)state;
	assert_int_equal(schedule_parse(&schedule, "0", error), STATUS_OK);
	assert_int_equal(retry_delay_ms(&schedule, 1, PLENTY, NONE, 12345), 0);
}

static void
retry__receiver_asks_for_more__gets_it(void **state)
{
	(void)state;
	assert_int_equal(retry_delay_ms(&schedule, 1, PLENTY, 7000, 5), 7000);
	/* Asking for less does not shorten the pause. */
	assert_int_equal(retry_delay_ms(&schedule, 1, PLENTY, 1, 0), 800);
}

static void
retry__receiver_asks_for_a_year__a_day(void **state)
{
	(void)state;
	assert_int_equal(
	    retry_delay_ms(&schedule, 1, PLENTY, 31536000000, 5), RETRY_MAX_MS);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test_setup(
	    retry__each_attempt__as_the_schedule_says, usual),
	cmocka_unit_test_setup(
	    retry__beyond_the_schedule__its_last_number, usual),
	cmocka_unit_test_setup(retry__last_attempt_made__never, usual),
	cmocka_unit_test_setup(retry__any_random__within_20_percent, usual),
	cmocka_unit_test_setup(retry__all_randoms__whole_spread_used, usual),
	cmocka_unit_test_setup(retry__delay_of_zero__at_once, usual),
	cmocka_unit_test_setup(retry__receiver_asks_for_more__gets_it, usual),
	cmocka_unit_test_setup(retry__receiver_asks_for_a_year__a_day, usual),
};

T_MAIN(tests)
