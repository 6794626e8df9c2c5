/*
 * The live stream's budget, and the gaps that its viewers must be told of.
 */
#include "t.h"

#include <string.h>

#include "budget.h"
#include "channels.h"
#include "published.h"

/* --- budget --- */

static void
budget__full_at_the_start__one_second_of_it(void **state)
{
	struct budget b;

	(void)state;
	budget_open(&b, 1000, 0);
	assert_int_equal(budget_room(&b, 1, 0), 1000);
	assert_int_equal(budget_room(&b, 1, 60000), 1000);
}

static void
budget__many_receivers__they_share_it(void **state)
{
	struct budget b;

	(void)state;
	budget_open(&b, 1000, 0);
	assert_int_equal(budget_room(&b, 4, 0), 250);
	assert_int_equal(budget_room(&b, 0, 0), 1000);
	budget_spend(&b, 100, 4);
	assert_int_equal(budget_room(&b, 1, 0), 600);
	budget_spend(&b, 100, 0);
	assert_int_equal(budget_room(&b, 1, 0), 500);
}

static void
budget__more_spent_than_there_was__waits_until_paid(void **state)
{
	struct budget b;

	(void)state;
	budget_open(&b, 1000, 0);
	budget_spend(&b, 3000, 1);
	assert_int_equal(budget_room(&b, 1, 1000), 0);
	assert_int_equal(budget_room(&b, 1, 2000), 0);
	assert_int_equal(budget_room(&b, 1, 2500), 500);
}

static void
budget__asked_every_millisecond__no_byte_lost(void **state)
{
	struct budget b;
	int ms;

	(void)state;
	budget_open(&b, 100, 0);
	budget_spend(&b, 100, 1);
	for (ms = 1; ms <= 500; ms++)
		budget_room(&b, 1, ms);
	assert_int_equal(budget_room(&b, 1, 500), 50);
}

/* --- channels --- */

static void
channels__something_skipped__all_have_a_gap_even_new_ones(void **state)
{
	static struct channels cs;

	(void)state;
	memset(&cs, 0, sizeof(cs));
	channels_get(&cs, "all");
	channels_skip(&cs, "5.x");
	channels_skip(&cs, "6.x");
	assert_string_equal(channels_get(&cs, "all")->gap, "5.x");
	assert_string_equal(channels_get(&cs, "service.new")->gap, "5.x");
}

static void
channels__one_missed_something__no_other_has_a_gap(void **state)
{
	static struct channels cs;

	(void)state;
	memset(&cs, 0, sizeof(cs));
	channel_skip(channels_get(&cs, "service.a"), "5.x");
	channel_skip(channels_get(&cs, "service.a"), "6.x");
	assert_string_equal(channels_get(&cs, "service.a")->gap, "5.x");
	assert_string_equal(channels_get(&cs, "service.b")->gap, "");
}

static void
channels__too_many__one_forgotten_but_not_its_gap(void **state)
{
	static struct channels cs;
	char name[32];
	int i;

	(void)state;
	memset(&cs, 0, sizeof(cs));
	channels_get(&cs, "all")->busy = true;
	channel_skip(channels_get(&cs, "service.first"), "5.x");
	for (i = 2; i < CHANNELS_MAX; i++) {
		snprintf(name, sizeof(name), "service.%d", i);
		channels_get(&cs, name);
	}
	assert_string_equal(cs.gap, "");
	channels_get(&cs, "service.last");
	assert_int_equal(cs.n, CHANNELS_MAX);
	assert_string_equal(channels_get(&cs, "all")->name, "all");
	assert_string_equal(channels_get(&cs, "service.first")->gap, "5.x");
}

static void
channels__all_busy__none(void **state)
{
	static struct channels cs;
	char name[32];
	int i;

	(void)state;
	memset(&cs, 0, sizeof(cs));
	for (i = 0; i < CHANNELS_MAX; i++) {
		snprintf(name, sizeof(name), "service.%d", i);
		channels_get(&cs, name)->busy = true;
	}
	assert_null(channels_get(&cs, "service.one-more"));
}

static void
count__any_text__below_ten_million_or_unknown(void **state)
{
	(void)state;
	assert_int_equal(published_count("0\n"), 0);
	assert_int_equal(published_count("12,"), 12);
	assert_int_equal(published_count("9999999}"), 9999999);
	assert_int_equal(published_count("10000000"), -1);
	assert_int_equal(published_count("99999999999999999999"), -1);
	assert_int_equal(published_count("-1"), -1);
	assert_int_equal(published_count("x"), -1);
	assert_int_equal(published_count(""), -1);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(budget__full_at_the_start__one_second_of_it),
	cmocka_unit_test(budget__many_receivers__they_share_it),
	cmocka_unit_test(budget__more_spent_than_there_was__waits_until_paid),
	cmocka_unit_test(budget__asked_every_millisecond__no_byte_lost),
	cmocka_unit_test(
	    channels__something_skipped__all_have_a_gap_even_new_ones),
	cmocka_unit_test(channels__one_missed_something__no_other_has_a_gap),
	cmocka_unit_test(channels__too_many__one_forgotten_but_not_its_gap),
	cmocka_unit_test(channels__all_busy__none),
	cmocka_unit_test(count__any_text__below_ten_million_or_unknown),
};

T_MAIN(tests)
