/*
 * Events of weeks without a partition are moved to a new one, in pieces.
 */
#include "t.h"

#include "partition_rows.h"

static void
partitions__weeks_before_this_one__get_theirs_too(void **state)
{
	int64_t longest_ms;

	(void)state;
	partition_put(3000, 10); /* this week has its partition */
	assert_true(partition_rows_of("events_default") > 2000);
	partition_run_until_drained(&longest_ms);
	partition_expect_all_moved(3000);
	assert_int_equal(
	    t_number(url, "SELECT count(DISTINCT tableoid) FROM events"), 11);
}

static void
partitions__gap_between_weeks__filled(void **state)
{
	int64_t longest_ms;

	(void)state;
	partition_forget(1, 2);
	partition_put(400, -4);
	partition_run_until_drained(&longest_ms);
	partition_expect_all_moved(400);
}

static void
partitions__beyond_the_last__moved_when_seen(void **state)
{
	int64_t longest_ms;

	(void)state;
	partition_put(900, -9);
	partition_run_until_drained(&longest_ms);
	partition_expect_all_moved(900);
}

static void
partitions__nothing_to_do__rests(void **state)
{
	int64_t longest_ms;

	(void)state;
	assert_int_equal(partition_run_to_the_end(&longest_ms), 1);
	partition_config.partitions_ahead = 6;
	assert_int_equal(partition_run_to_the_end(&longest_ms), 3);
	assert_int_equal(partition_run_to_the_end(&longest_ms), 1);
}

static void
partitions__ten_years_ahead__a_little_each_call(void **state)
{
	int64_t longest_ms;

	(void)state;
	partition_config.partitions_ahead = 520;
	assert_in_range(partition_run_to_the_end(&longest_ms), 2, 517);
	assert_in_range(longest_ms, 0, 9999);
	assert_int_equal(t_number(url,
			     "SELECT count(*) FROM pg_inherits"
			     " WHERE inhparent = 'events'::regclass"),
	    522);
}

static const struct CMUnitTest tests[] = {
	TEST(partitions__weeks_before_this_one__get_theirs_too),
	TEST(partitions__gap_between_weeks__filled),
	TEST(partitions__beyond_the_last__moved_when_seen),
	TEST(partitions__nothing_to_do__rests),
	TEST(partitions__ten_years_ahead__a_little_each_call),
};

T_MAIN(tests)
