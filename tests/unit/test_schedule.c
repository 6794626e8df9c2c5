/*
 * Schedules of attempts, read from text.
 */
#include "t.h"

#include <string.h>

#include "schedule.h"

static void
schedule__good__its_numbers(void **state)
{
	struct schedule s;
	char error[256];

	(void)state;
	assert_int_equal(
	    schedule_parse(&s, "0, 1.5 ,604800", error), STATUS_OK);
	assert_int_equal(s.n, 3);
	assert_true(s.seconds[0] == 0);
	assert_true(s.seconds[1] == 1.5);
	assert_true(s.seconds[2] == 604800);
}

static void
schedule__beyond_its_end__the_last_repeats(void **state)
{
	struct schedule s;
	char error[256];

	(void)state;
	assert_int_equal(schedule_parse(&s, "1,2,3", error), STATUS_OK);
	assert_true(schedule_seconds(&s, 1) == 1);
	assert_true(schedule_seconds(&s, 3) == 3);
	assert_true(schedule_seconds(&s, 4) == 3);
	assert_true(schedule_seconds(&s, 1000) == 3);
	assert_true(schedule_seconds(&s, 0) == 1);
}

static void
schedule__bad__refused_with_the_reason(void **state)
{
	static const char *const rows[] = { "", " ", ",", "1,", ",1", "1,,2",
		"-1", "+1", "1.", ".5", "1e3", "0x10", "nan", "inf", "1 2",
		"604800.1", "0.0000000001", "604801", "9999999999", "1;2",
		"1,two", "1\n" };
	struct schedule s;
	char error[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		*error = '\0';
		if (schedule_parse(&s, rows[i], error) != STATUS_REJECT)
			fail_msg("\"%s\" was accepted", rows[i]);
		assert_non_null(strstr(error, "1 to 50 numbers"));
	}
}

static void
schedule__more_numbers_than_fit__refused(void **state)
{
	struct schedule s;
	char text[256] = "0", error[256];
	int i;

	(void)state;
	for (i = 1; i < SCHEDULE_MAX; i++)
		strcat(text, ",0");
	assert_int_equal(schedule_parse(&s, text, error), STATUS_OK);
	assert_int_equal(s.n, SCHEDULE_MAX);
	strcat(text, ",0");
	assert_int_equal(schedule_parse(&s, text, error), STATUS_REJECT);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(schedule__good__its_numbers),
	cmocka_unit_test(schedule__beyond_its_end__the_last_repeats),
	cmocka_unit_test(schedule__bad__refused_with_the_reason),
	cmocka_unit_test(schedule__more_numbers_than_fit__refused),
};

T_MAIN(tests)
