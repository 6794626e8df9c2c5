/*
 * A worker's counters, as its heartbeat carries them.
 */
#include "t.h"

#include <string.h>

#include "tally.h"

static void
assert_tells(const char *sample)
{
	struct buf out;

	buf_init(&out, 4 << 20);
	tally_write(&out);
	assert_false(out.failed);
	if (strstr(out.data, sample) == NULL)
		fail_msg("%s is not in %s", sample, out.data);
	buf_free(&out);
}

static void
attempts__settled__counted_by_subscription_and_outcome(void **state)
{
	(void)state;
	tally_attempt("a", ENDING_DELIVERED, 7);
	tally_attempt("a", ENDING_DELIVERED, 40000);
	tally_attempt("a", ENDING_RETRYING, 0);
	tally_attempt("b", ENDING_RELEASED, 0);
	assert_tells("[\"smartcity_worker_attempts_total\",\"subscription="
		     "\\\"a\\\",outcome=\\\"delivered\\\"\",2]");
	assert_tells("subscription=\\\"b\\\",outcome=\\\"released\\\"\",1]");
	/* A released delivery has no duration. */
	assert_tells("_bucket\",\"le=\\\"0.005\\\"\",1]");
	assert_tells("_bucket\",\"le=\\\"0.01\\\"\",2]");
	assert_tells("_bucket\",\"le=\\\"30\\\"\",2]");
	assert_tells("_bucket\",\"le=\\\"+Inf\\\"\",3]");
	assert_tells("_sum\",\"\",40.007]");
	assert_tells("_count\",\"\",3]");
}

static void
claims__some_empty__counted(void **state)
{
	(void)state;
	tally_claim(0);
	tally_claim(5);
	assert_tells("claims_total\",\"\",2]");
	assert_tells("claimed_total\",\"\",5]");
}

static void
gauges__set__told_with_their_warnings(void **state)
{
	struct buf out;

	(void)state;
	assert_tells("[\"smartcity_feed_stalled_seconds\",\"\",0]");
	tally_gauge(TALLY_FEED, 95.5, "feed", "feed: \"x\" holds it");
	tally_gauge(TALLY_CLOCK, -7200, "clock of x", "clock: x is behind");
	assert_tells("[\"smartcity_feed_stalled_seconds\",\"\",95.5],"
		     "[\"warning feed\",\"feed: \\\"x\\\" holds it\",95.5]");
	assert_tells("[\"smartcity_clock_skew_seconds\",\"\",-7200],"
		     "[\"warning clock of x\",\"clock: x is behind\",7200]");
	tally_gauge(TALLY_FEED, 0, "feed", NULL);
	buf_init(&out, 4 << 20);
	tally_write(&out);
	assert_null(strstr(out.data, "warning feed"));
	buf_free(&out);
}

static void
jobs__run__last_success_and_failures(void **state)
{
	(void)state;
	tally_job("expire", false, 5000000);
	tally_job("expire", true, 9000000);
	assert_tells("success_timestamp_seconds\",\"task=\\\"expire\\\"\",5]");
	assert_tells("job_failures_total\",\"task=\\\"expire\\\"\",1]");
}

static void
subscriptions__beyond_a_thousand__together(void **state)
{
	char id[16];
	int i;

	(void)state;
	for (i = 0; i < 1500; i++) {
		snprintf(id, sizeof(id), "s%d", i);
		tally_attempt(id, ENDING_FAILED, 1);
	}
	/* a and b were the first two. */
	assert_tells(
	    "subscription=\\\"other\\\",outcome=\\\"failed\\\"\",502]");
	assert_tells("subscription=\\\"s997\\\"");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(
	    attempts__settled__counted_by_subscription_and_outcome),
	cmocka_unit_test(claims__some_empty__counted),
	cmocka_unit_test(gauges__set__told_with_their_warnings),
	cmocka_unit_test(jobs__run__last_success_and_failures),
	cmocka_unit_test(subscriptions__beyond_a_thousand__together),
};

T_MAIN(tests)
