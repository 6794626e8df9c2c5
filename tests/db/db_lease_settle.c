/*
 * Outcomes of attempts are settled, once or twice.
 */
#include "t.h"

#include <string.h>

#include "claims.h"
#include "lease.h"

static void
settle__delivered__done_with_its_history(void **state)
{
	struct pg_result *rows;
	struct attempt a;
	struct outcome o = { .ending = ENDING_DELIVERED,
		.verdict = VERDICT_GOOD,
		.began_ms = 400,
		.took_ms = 500 };
	struct buf outcomes;

	(void)state;
	claims_put(1, ONE);
	rows = claims_n(session_one, 1);
	a = claims_attempt_of(rows, 0);
	a.http_status = 202;
	strcpy(a.address, "127.0.0.1:80");
	buf_put(&a.answer, "fine\0\xff\"", 7);
	buf_init(&outcomes, 65536);
	lease_add(&outcomes, &a, &o);
	claims_expect_settled(session_one, &outcomes, 1);
	pg_free(rows);
	buf_free(&a.answer);
	assert_int_equal(claims_count("delivered"), 1);
	claims_expect("1 500 202 127.0.0.1:80 fine\xef\xbf\xbd\xef\xbf\xbd\"",
	    "SELECT concat_ws(' ', attempt, duration_ms, http_status, error,"
	    " address, answer) FROM delivery_attempts");
	/*
	 * The attempt began 600 ms before the settle, by the database's clock.
	 */
	assert_int_equal(t_number(url,
			     "SELECT count(*) FROM delivery_attempts WHERE"
			     " started_at BETWEEN now() - interval '20 s'"
			     " AND now() - interval '600 ms'"),
	    1);
	claims_expect_n(0);
}

static void
settle__retrying__due_after_its_delay(void **state)
{
	(void)state;
	claims_put(1, ONE);
	claims_settle_one(ENDING_RETRYING, VERDICT_BAD);
	claims_expect("retrying 1 http: answered \"503\"",
	    "SELECT concat_ws(' ', status, attempts, last_error) FROM"
	    " deliveries");
	t_pass(url, "4 seconds");
	claims_expect_n(0);
	t_pass(url, "2 seconds");
	claims_expect_n(1);
}

/* The history keeps the error; a delivered delivery has none itself. */
static void
settle__delivered_after_a_failure__no_error_left(void **state)
{
	(void)state;
	claims_put(1, ONE);
	claims_settle_one(ENDING_RETRYING, VERDICT_BAD);
	t_pass(url, "6 seconds");
	claims_settle_one(ENDING_DELIVERED, VERDICT_GOOD);
	claims_expect("delivered 2",
	    "SELECT concat_ws(' ', status, attempts, last_error) FROM"
	    " deliveries");
	claims_expect(
	    "http", "SELECT string_agg(error, ' ') FROM delivery_attempts");
}

static void
settle__failed__over(void **state)
{
	(void)state;
	claims_put(1, ONE);
	claims_settle_one(ENDING_FAILED, VERDICT_BAD);
	assert_int_equal(claims_count("failed"), 1);
	t_pass(url, "1 year");
	claims_expect_n(0);
}

static void
settle__released__as_if_never_claimed(void **state)
{
	struct pg_result *rows;

	(void)state;
	claims_put(1, ONE);
	claims_settle_one(ENDING_RELEASED, VERDICT_NONE);
	claims_expect(
	    "pending 0", "SELECT status || ' ' || attempts FROM deliveries");
	assert_int_equal(
	    t_number(url, "SELECT count(*) FROM delivery_attempts"), 0);
	rows = claims_n(session_two, 1);
	assert_int_equal(lease_row(rows, 0).attempt, 1);
	pg_free(rows);
}

static void
settle__lease_ended_and_claimed_anew__changes_nothing(void **state)
{
	struct pg_result *late, *rows;
	struct buf outcomes;

	(void)state;
	claims_put(1, ONE);
	late = claims_n(session_one, 1);
	t_pass(url, "61 seconds");
	rows = claims_n(session_two, 1);
	buf_init(&outcomes, 65536);
	claims_add(&outcomes, late, 0, ENDING_DELIVERED, VERDICT_GOOD);
	claims_expect_settled(session_one, &outcomes, 0);
	assert_int_equal(claims_count("delivering"), 1);
	/* The late outcome still enters the history. */
	claims_expect(
	    "1", "SELECT attempt FROM delivery_attempts WHERE error IS NULL");
	buf_init(&outcomes, 65536);
	claims_add(&outcomes, rows, 0, ENDING_RETRYING, VERDICT_BAD);
	claims_expect_settled(session_two, &outcomes, 1);
	pg_free(late);
	pg_free(rows);
}

static void
settle__told_twice__second_changes_nothing(void **state)
{
	struct pg_result *rows;
	struct buf outcomes;

	(void)state;
	claims_put(1, ONE);
	rows = claims_n(session_one, 1);
	buf_init(&outcomes, 65536);
	claims_add(&outcomes, rows, 0, ENDING_DELIVERED, VERDICT_GOOD);
	claims_expect_settled(session_one, &outcomes, 1);
	buf_init(&outcomes, 65536);
	claims_add(&outcomes, rows, 0, ENDING_RETRYING, VERDICT_BAD);
	claims_expect_settled(session_one, &outcomes, 0);
	pg_free(rows);
	assert_int_equal(claims_count("delivered"), 1);
}

/* The answer was lost, and another worker has claimed the delivery since. */
static void
settle__release_told_again__the_next_lease_stays(void **state)
{
	struct pg_result *first, *second;
	struct buf outcomes;

	(void)state;
	claims_put(1, ONE);
	first = claims_n(session_one, 1);
	buf_init(&outcomes, 65536);
	claims_add(&outcomes, first, 0, ENDING_RELEASED, VERDICT_NONE);
	claims_expect_settled(session_one, &outcomes, 1);
	second = claims_n(session_two, 1);
	assert_int_equal(
	    lease_row(first, 0).attempt, lease_row(second, 0).attempt);
	buf_init(&outcomes, 65536);
	claims_add(&outcomes, first, 0, ENDING_RELEASED, VERDICT_NONE);
	claims_expect_settled(session_one, &outcomes, 0);
	assert_int_equal(claims_count("delivering"), 1);
	pg_free(first);
	pg_free(second);
}

static void
settle__database_gone__buffer_kept_to_tell_again(void **state)
{
	struct db *gone =
	    db_new("postgresql:///x?host=/nonexistent", "gone", 500);
	struct pg_result *rows;
	struct buf outcomes;
	struct pg_result *settled = NULL;

	(void)state;
	claims_put(2, ONE);
	rows = claims_n(session_one, 2);
	buf_init(&outcomes, 65536);
	claims_add(&outcomes, rows, 0, ENDING_DELIVERED, VERDICT_GOOD);
	assert_int_equal(
	    lease_settle(gone, &outcomes, 0, &settled), STATUS_RETRY);
	claims_add(&outcomes, rows, 1, ENDING_DELIVERED, VERDICT_GOOD);
	claims_expect_settled(session_one, &outcomes, 2);
	pg_free(rows);
	db_free(gone);
}

static void
settle__outcomes_too_long__fault(void **state)
{
	struct pg_result *rows;
	struct buf outcomes;
	struct pg_result *settled = NULL;

	(void)state;
	claims_put(1, ONE);
	rows = claims_n(session_one, 1);
	buf_init(&outcomes, 10);
	claims_add(&outcomes, rows, 0, ENDING_DELIVERED, VERDICT_GOOD);
	assert_int_equal(
	    lease_settle(session_one, &outcomes, 0, &settled), STATUS_FAULT);
	buf_free(&outcomes);
	pg_free(rows);
}

static const struct CMUnitTest tests[] = {
	TEST(settle__delivered__done_with_its_history),
	TEST(settle__retrying__due_after_its_delay),
	TEST(settle__delivered_after_a_failure__no_error_left),
	TEST(settle__failed__over),
	TEST(settle__released__as_if_never_claimed),
	TEST(settle__lease_ended_and_claimed_anew__changes_nothing),
	TEST(settle__told_twice__second_changes_nothing),
	TEST(settle__release_told_again__the_next_lease_stays),
	TEST(settle__database_gone__buffer_kept_to_tell_again),
	TEST(settle__outcomes_too_long__fault),
};

T_MAIN_WITH(tests, claims_open, claims_close)
