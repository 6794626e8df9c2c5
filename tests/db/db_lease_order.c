/* The order of a subject, and the breaker of a receiver. */
#include "t.h"

#include "claims.h"
#include "lease.h"

/* --- order --- */

static void
put_subjects(void)
{
	claims_put(6, ONE);
	t_exec(url,
	    "UPDATE subscriptions SET ordering = 'subject';"
	    "UPDATE deliveries AS d SET subject = s, created_at = at FROM"
	    " (SELECT message_id AS m, (ARRAY['a','b','c'])[n %% 3 + 1] AS s,"
	    "   now() - interval '1 minute' + n * interval '1 ms' AS at FROM"
	    "   (SELECT message_id, row_number() OVER (ORDER BY message_id)"
	    "     AS n FROM deliveries) AS x) AS y"
	    " WHERE message_id = m");
}

static void
order__by_subject__the_oldest_of_each(void **state)
{
	(void)state;
	put_subjects();
	claims_expect_n(3);
	claims_expect_n(0);
	assert_int_equal(t_number(url,
			     "SELECT count(DISTINCT subject) FROM"
			     " deliveries WHERE status ="
			     " 'delivering'"),
	    3);
}

static void
order__first_is_retried__the_next_waits(void **state)
{
	struct pg_result *rows;
	struct buf outcomes;

	(void)state;
	put_subjects();
	t_exec(url, "DELETE FROM deliveries WHERE subject <> 'a'");
	claims_settle_one(ENDING_RETRYING, VERDICT_BAD);
	claims_expect_n(0);
	t_pass(url, "6 seconds");
	rows = claims_n(session_one, 1);
	assert_int_equal(lease_row(rows, 0).attempt, 2);
	buf_init(&outcomes, 65536);
	claims_add(&outcomes, rows, 0, ENDING_DELIVERED, VERDICT_GOOD);
	claims_expect_settled(session_one, &outcomes, 1);
	pg_free(rows);
	rows = claims_n(session_one, 1);
	assert_int_equal(lease_row(rows, 0).attempt, 1);
	pg_free(rows);
}

static void
order__older_one_replayed__waits_for_the_one_under_way(void **state)
{
	(void)state;
	put_subjects();
	t_exec(url,
	    "DELETE FROM deliveries WHERE subject <> 'a';"
	    "UPDATE deliveries SET status = 'failed' WHERE created_at ="
	    " (SELECT min(created_at) FROM deliveries)");
	claims_expect_n(1);
	t_exec(url,
	    "UPDATE deliveries SET status = 'pending' WHERE status = 'failed'");
	claims_expect_n(0);
}

/* A delivery that had to wait its turn is due again when its turn comes. */
static void
order__first_is_settled__next_is_found_at_once(void **state)
{
	const struct claim c = { "[]", 0.5, 60, 10, 100, 100 };

	(void)state;
	put_subjects();
	t_exec(url,
	    "DELETE FROM deliveries WHERE subject <> 'a';"
	    "UPDATE deliveries SET next_attempt_at = now() - interval '1 "
	    "hour'");
	claims_settle_one(ENDING_DELIVERED, VERDICT_GOOD);
	pg_free(claims_with(session_one, &c, 1));
}

/* --- the breaker --- */

static void
fail_times(int n)
{
	int i;

	for (i = 0; i < n; i++) {
		t_exec(url, "UPDATE deliveries SET next_attempt_at = now()");
		claims_settle_one(ENDING_RETRYING, VERDICT_BAD);
	}
}

static void
breaker__ten_failures_in_a_row__open(void **state)
{
	(void)state;
	claims_put(1, ONE);
	fail_times(9);
	claims_expect(
	    "9", "SELECT failures FROM subscriptions WHERE id = '" ONE "'");
	claims_expect(
	    "", "SELECT open_until FROM subscriptions WHERE id = '" ONE "'");
	fail_times(1);
	claims_expect("1",
	    "SELECT trips FROM subscriptions WHERE open_until"
	    " BETWEEN now() + interval '25 s' AND now() + '31 s'");
	t_exec(url, "UPDATE deliveries SET next_attempt_at = now()");
	claims_expect_n(0);
}

/* Makes the breaker half open, with five deliveries due. */
static void
put_half_open(int trips)
{
	claims_put(5, ONE);
	t_exec(url,
	    "UPDATE subscriptions SET failures = 10, trips = %d,"
	    " open_until = now() - interval '1 second' WHERE id = '" ONE "'",
	    trips);
}

static void
breaker__half_open__one_at_a_time(void **state)
{
	(void)state;
	put_half_open(1);
	claims_expect_n(1);
	claims_expect_n(0);
}

static void
breaker__half_open_and_good__closed_and_all_due(void **state)
{
	(void)state;
	put_half_open(3);
	claims_settle_one(ENDING_DELIVERED, VERDICT_GOOD);
	claims_expect("0 0 t",
	    "SELECT concat_ws(' ', failures, trips, open_until IS NULL)"
	    " FROM subscriptions WHERE id = '" ONE "'");
	claims_expect_n(4);
}

static void
breaker__half_open_and_bad__open_for_longer(void **state)
{
	(void)state;
	put_half_open(2);
	claims_settle_one(ENDING_RETRYING, VERDICT_BAD);
	claims_expect("3",
	    "SELECT trips FROM subscriptions WHERE open_until BETWEEN"
	    " now() + interval '110 s' AND now() + interval '121 s'");
	put_half_open(20);
	t_exec(url, "DELETE FROM deliveries WHERE status = 'retrying'");
	claims_settle_one(ENDING_RETRYING, VERDICT_BAD);
	claims_expect("21",
	    "SELECT trips FROM subscriptions WHERE open_until BETWEEN"
	    " now() + interval '590 s' AND now() + interval '601 s'");
}

static void
breaker__message_refused__says_nothing_about_the_receiver(void **state)
{
	(void)state;
	claims_put(1, ONE);
	claims_settle_one(ENDING_RETRYING, VERDICT_NONE);
	claims_expect("0", "SELECT max(failures) FROM subscriptions");
}

static void
breaker__good_between_bad_ones__counts_from_nought(void **state)
{
	(void)state;
	claims_put(2, ONE);
	t_exec(url, "UPDATE subscriptions SET max_in_flight = 1");
	fail_times(1);
	t_exec(url, "UPDATE deliveries SET next_attempt_at = now()");
	claims_settle_one(ENDING_DELIVERED, VERDICT_GOOD);
	claims_expect("0", "SELECT max(failures) FROM subscriptions");
}

static void
breaker__failures_told_twice__counted_once(void **state)
{
	struct pg_result *rows;
	struct buf outcomes;
	int i, told;

	(void)state;
	claims_put(5, ONE);
	rows = claims_n(session_one, 5);
	for (told = 0; told < 2; told++) {
		buf_init(&outcomes, 65536);
		for (i = 0; i < 5; i++)
			claims_add(
			    &outcomes, rows, i, ENDING_RETRYING, VERDICT_BAD);
		claims_expect_settled(
		    session_one, &outcomes, told == 0 ? 5 : 0);
	}
	pg_free(rows);
	claims_expect(
	    "5", "SELECT failures FROM subscriptions WHERE id = '" ONE "'");
}

static void
breaker__gone_from_the_url_before__the_new_one_is_served(void **state)
{
	struct pg_result *rows;
	struct buf outcomes;

	(void)state;
	claims_put(1, ONE);
	rows = claims_n(session_one, 1);
	t_exec(url, "UPDATE subscriptions SET url = 'http://127.0.0.1:9/new'");
	buf_init(&outcomes, 65536);
	claims_add(&outcomes, rows, 0, ENDING_RETRYING, VERDICT_GONE);
	claims_expect_settled(session_one, &outcomes, 1);
	pg_free(rows);
	t_pass(url, "1 hour");
	claims_expect_n(1);
}

static void
breaker__gone__disabled_and_held(void **state)
{
	(void)state;
	claims_put(2, ONE);
	t_exec(url, "UPDATE subscriptions SET max_in_flight = 1");
	claims_settle_one(ENDING_RETRYING, VERDICT_GONE);
	claims_expect("the receiver answered 410 Gone",
	    "SELECT disabled_reason FROM subscriptions WHERE id = '" ONE "'");
	t_pass(url, "1 hour");
	claims_expect_n(0);
	assert_int_equal(claims_count("retrying") + claims_count("pending"), 2);
}

static const struct CMUnitTest tests[] = {
	TEST(order__by_subject__the_oldest_of_each),
	TEST(order__first_is_retried__the_next_waits),
	TEST(order__older_one_replayed__waits_for_the_one_under_way),
	TEST(order__first_is_settled__next_is_found_at_once),
	TEST(breaker__ten_failures_in_a_row__open),
	TEST(breaker__half_open__one_at_a_time),
	TEST(breaker__half_open_and_good__closed_and_all_due),
	TEST(breaker__half_open_and_bad__open_for_longer),
	TEST(breaker__message_refused__says_nothing_about_the_receiver),
	TEST(breaker__good_between_bad_ones__counts_from_nought),
	TEST(breaker__failures_told_twice__counted_once),
	TEST(breaker__gone_from_the_url_before__the_new_one_is_served),
	TEST(breaker__gone__disabled_and_held),
};

T_MAIN_WITH(tests, claims_open, claims_close)
