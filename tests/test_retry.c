/* When a message is tried again. */
#include "t.h"

#include "retry.h"

enum {
	PLENTY = 100
};

/* The middle of the spread: jitter takes 20 % off and adds 0 to 40 %. */
static int64_t
middle_ms(int attempts)
{
	int64_t low = retry_delay_ms(attempts, PLENTY, 0);

	return low * 100 / (100 - RETRY_JITTER_PERCENT);
}

static void
retry__each_attempt__as_the_schedule_says(void **state)
{
	static const int64_t seconds[] = { 1, 5, 30, 120, 600, 1800, 7200,
		21600, 43200, 86400 };
	int i;

	(void)state;
	for (i = 0; i < 10; i++)
		assert_int_equal(middle_ms(i + 1), seconds[i] * 1000);
}

static void
retry__beyond_the_schedule__its_last_row(void **state)
{
	(void)state;
	assert_int_equal(middle_ms(11), 86400 * 1000);
	assert_int_equal(middle_ms(99), 86400 * 1000);
}

static void
retry__last_attempt_made__never(void **state)
{
	(void)state;
	assert_true(retry_delay_ms(9, 10, 7) > 0);
	assert_int_equal(retry_delay_ms(10, 10, 7), -1);
	assert_int_equal(retry_delay_ms(11, 10, 7), -1);
	assert_int_equal(retry_delay_ms(1, 1, 7), -1);
}

static void
retry__any_random__within_20_percent(void **state)
{
	uint32_t random;

	(void)state;
	for (random = 0; random < 100000; random += 7)
		assert_in_range(retry_delay_ms(2, PLENTY, random), 4000, 6000);
	assert_in_range(
	    retry_delay_ms(10, PLENTY, UINT32_MAX), 69120000, 103680000);
}

static void
retry__all_randoms__whole_spread_used(void **state)
{
	(void)state;
	assert_int_equal(retry_delay_ms(1, PLENTY, 0), 800);
	assert_int_equal(retry_delay_ms(1, PLENTY, 400), 1200);
	assert_int_equal(retry_delay_ms(1, PLENTY, 401), 800);
}

static void
retry__no_attempt_yet__first_row(void **state)
{
	(void)state;
	assert_int_equal(middle_ms(0), 1000);
	assert_int_equal(middle_ms(-5), 1000);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(retry__each_attempt__as_the_schedule_says),
	cmocka_unit_test(retry__beyond_the_schedule__its_last_row),
	cmocka_unit_test(retry__last_attempt_made__never),
	cmocka_unit_test(retry__any_random__within_20_percent),
	cmocka_unit_test(retry__all_randoms__whole_spread_used),
	cmocka_unit_test(retry__no_attempt_yet__first_row),
};

T_MAIN(tests)
