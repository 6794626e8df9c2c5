/*
 * Rows whose times are far ahead, because the database's clock was wrong when
 * they were written.
 */
#include "t.h"

#include <string.h>

#include "database.h"
#include "one_job.h"
#include "lease.h"

#define ONE "00000000-0000-7000-8000-00000000000a"

/* Puts one receiver, and five deliveries that are due. */
static int
put_five(void **state)
{
	(void)state;
	t_exec(url,
	    "TRUNCATE outbox_messages, deliveries, delivery_attempts,"
	    " subscriptions, workers, streams, incidents;"
	    "UPDATE fake.clock SET ahead = '0';"
	    "INSERT INTO subscriptions (id, topic, url, secret, woken_at)"
	    " VALUES ('" ONE "', 'event.*', 'http://one/', 'whsec_1',"
	    "  now() - interval '1 hour');"
	    "WITH m AS (INSERT INTO outbox_messages (id, topic, payload)"
	    " SELECT uuid_v7_floor(now() + n * interval '1 ms'),"
	    "  'event.security', '{}' FROM generate_series(1, 5) AS n"
	    " RETURNING id)"
	    "INSERT INTO deliveries (message_id, subscription_id)"
	    " SELECT id, '" ONE "' FROM m");
	return 0;
}

static enum turn
run_job(const char *name)
{
	static const struct config config = { .keep_delivered_days = 7,
		.keep_failed_days = 30,
		.retry_schedule =
		    "0,1,5,30,120,600,1800,7200,21600,43200,86400" };
	struct worker w = { .config = &config, .db = database, .name = "me:1" };
	struct job job = one_job(name);

	return job_run(&job, &w, 0);
}

static void
expect_claims(int n)
{
	static const struct claim all = { "[]", -1, 60, 10, 100, 100 };
	struct pg_result *rows = NULL;

	assert_int_equal(lease_claim(database, &all, &rows), STATUS_OK);
	assert_int_equal(pg_rows(rows), n);
	pg_free(rows);
}

/* --- deliveries --- */

static void
mend__retrying_in_a_wrong_future__due_now(void **state)
{
	(void)state;
	t_exec(url,
	    "UPDATE deliveries SET status = 'retrying', attempts = 1,"
	    " next_attempt_at = now() + interval '3 years'");
	expect_claims(0);
	assert_int_equal(run_job("mend"), TURN_REST);
	expect_claims(5);
}

/* The schedule's longest delay is a day and 20 % of it: less than 30 hours. */
static void
mend__longest_delay_that_the_schedule_has__decides(void **state)
{
	(void)state;
	t_exec(url,
	    "UPDATE deliveries SET status = 'retrying', attempts = 1,"
	    " next_attempt_at = now() + interval '28 hours'");
	assert_int_equal(run_job("mend"), TURN_REST);
	expect_claims(0);
	t_exec(url,
	    "UPDATE deliveries SET next_attempt_at = now() + '30 hours';"
	    "UPDATE subscriptions SET retry_schedule = '0, 604800'");
	assert_int_equal(run_job("mend"), TURN_REST);
	expect_claims(0);
	t_exec(url, "UPDATE subscriptions SET retry_schedule = '0,60'");
	assert_int_equal(run_job("mend"), TURN_REST);
	expect_claims(5);
}

static void
mend__lease_that_ends_in_hours__ends_now(void **state)
{
	(void)state;
	expect_claims(5);
	t_exec(url,
	    "UPDATE deliveries SET next_attempt_at = now() + '59 minutes'");
	assert_int_equal(run_job("mend"), TURN_REST);
	expect_claims(0);
	t_exec(
	    url, "UPDATE deliveries SET next_attempt_at = now() + '3 hours'");
	assert_int_equal(run_job("mend"), TURN_REST);
	expect_claims(5);
	t_expect(url, "5",
	    "SELECT count(*) FROM delivery_attempts WHERE error = 'lost'");
}

static void
mend__waits_for_hours_with_good_reason__stays(void **state)
{
	(void)state;
	t_exec(url,
	    "UPDATE deliveries SET status = 'retrying', attempts = 8,"
	    " next_attempt_at = now() + interval '12 hours'");
	assert_int_equal(run_job("mend"), TURN_REST);
	expect_claims(0);
}

static void
mend__created_in_a_wrong_future__expires_from_now_on(void **state)
{
	(void)state;
	t_exec(url,
	    "UPDATE subscriptions SET expires_after = 60;"
	    "UPDATE deliveries SET created_at = now() + interval '3 years',"
	    " next_attempt_at = now() + interval '3 years'");
	assert_int_equal(run_job("mend"), TURN_REST);
	t_expect(url, "5",
	    "SELECT count(*) FROM deliveries WHERE created_at <= now()");
	t_pass(url, "61 seconds");
	expect_claims(5);
	t_expect(url, "5",
	    "SELECT count(*) FROM deliveries WHERE status = 'expired'");
}

static void
mend__settled__untouched(void **state)
{
	(void)state;
	t_exec(url,
	    "UPDATE deliveries SET status = 'delivered',"
	    " next_attempt_at = now() + interval '3 years'");
	assert_int_equal(run_job("mend"), TURN_REST);
	t_expect(url, "5",
	    "SELECT count(*) FROM deliveries WHERE next_attempt_at > now()"
	    " AND status = 'delivered'");
}

/* These are more than one run mends, so the next run follows at once. */
static void
mend__thousands__in_several_runs(void **state)
{
	(void)state;
	t_exec(url,
	    "INSERT INTO deliveries (message_id, subscription_id,"
	    " next_attempt_at) SELECT gen_random_uuid(), '" ONE "',"
	    " now() + interval '1 year' FROM generate_series(1, 1500)");
	assert_int_equal(run_job("mend"), TURN_AGAIN);
	assert_int_equal(run_job("mend"), TURN_REST);
	t_expect(url, "0",
	    "SELECT count(*) FROM deliveries WHERE next_attempt_at > now()");
}

/* --- subscriptions, streams --- */

static void
mend__breaker_open_for_years__half_open_now(void **state)
{
	(void)state;
	t_exec(
	    url, "UPDATE subscriptions SET open_until = now() + '9 minutes'");
	run_job("mend");
	expect_claims(0);
	t_exec(url, "UPDATE subscriptions SET open_until = now() + '2 years'");
	run_job("mend");
	expect_claims(1);
}

static void
mend__old_secret_and_others_of_a_wrong_future__over(void **state)
{
	(void)state;
	t_exec(url,
	    "UPDATE subscriptions SET old_secret = 'whsec_0',"
	    " old_secret_until = now() + interval '8 days',"
	    " woken_at = now() + interval '1 year';"
	    "INSERT INTO streams VALUES ('s', '7', '" ONE "',"
	    " now() + interval '1 year')");
	run_job("mend");
	t_expect(url, "t t",
	    "SELECT concat_ws(' ', old_secret_until <= now(),"
	    " woken_at <= now()) FROM subscriptions");
	t_expect(url, "7 t",
	    "SELECT concat_ws(' ', tx, updated_at <= now()) FROM streams");
}

static void
mend__old_secret_within_its_week__stays(void **state)
{
	(void)state;
	t_exec(url,
	    "UPDATE subscriptions SET old_secret = 'whsec_0',"
	    " old_secret_until = now() + interval '7 days'");
	run_job("mend");
	t_expect(url, "t",
	    "SELECT old_secret_until > now() + interval '6 days'"
	    " FROM subscriptions");
}

/* --- retention --- */

/* Runs expunge with keep_delivered_days 7 and keep_failed_days 30. */
static long long
count_after_expunge(void)
{
	assert_int_equal(run_job("expunge"), TURN_REST);
	return t_number(url, "SELECT count(*) FROM outbox_messages");
}

static void
keep_one(void)
{
	t_exec(url,
	    "DELETE FROM outbox_messages WHERE id > (SELECT min(id::text)::uuid"
	    " FROM outbox_messages);"
	    "DELETE FROM deliveries WHERE message_id NOT IN (SELECT id FROM"
	    " outbox_messages)");
}

static void
expunge__settled_in_a_wrong_future__as_old_as_its_message(void **state)
{
	(void)state;
	keep_one();
	t_exec(url,
	    "UPDATE outbox_messages SET id = uuid_v7_floor(now() - interval "
	    "'20 days');"
	    "UPDATE deliveries SET message_id = (SELECT id FROM"
	    "  outbox_messages), status = 'failed',"
	    " settled_at = now() + interval '3 years'");
	assert_int_equal(count_after_expunge(), 1);
	t_pass(url, "11 days");
	assert_int_equal(count_after_expunge(), 0);
}

static void
expunge__made_in_a_wrong_future__forgotten_once_delivered(void **state)
{
	(void)state;
	keep_one();
	t_exec(url,
	    "UPDATE outbox_messages SET id = uuid_v7_floor(now() + '3 years'),"
	    " created_at = now() + interval '3 years';"
	    "UPDATE deliveries SET message_id = (SELECT id FROM"
	    "  outbox_messages)");
	assert_int_equal(count_after_expunge(), 1);
	t_exec(url,
	    "UPDATE deliveries SET status = 'failed',"
	    " settled_at = now() + interval '3 years'");
	assert_int_equal(count_after_expunge(), 1);
	t_exec(url, "UPDATE deliveries SET status = 'delivered'");
	assert_int_equal(count_after_expunge(), 0);
}

/* The clock of the pool's host was wrong, the database's clock right. */
static void
expunge__id_of_a_wrong_future__kept_its_days(void **state)
{
	(void)state;
	keep_one();
	t_exec(url,
	    "UPDATE outbox_messages SET id = uuid_v7_floor(now() + '3 years');"
	    "UPDATE deliveries SET message_id = (SELECT id FROM"
	    "  outbox_messages), status = 'delivered', settled_at = now()");
	assert_int_equal(count_after_expunge(), 1);
	t_pass(url, "8 days");
	assert_int_equal(count_after_expunge(), 0);
}

#define TEST(test) cmocka_unit_test_setup(test, put_five)

static const struct CMUnitTest tests[] = {
	TEST(mend__retrying_in_a_wrong_future__due_now),
	TEST(mend__longest_delay_that_the_schedule_has__decides),
	TEST(mend__lease_that_ends_in_hours__ends_now),
	TEST(mend__waits_for_hours_with_good_reason__stays),
	TEST(mend__created_in_a_wrong_future__expires_from_now_on),
	TEST(mend__settled__untouched),
	TEST(mend__thousands__in_several_runs),
	TEST(mend__breaker_open_for_years__half_open_now),
	TEST(mend__old_secret_and_others_of_a_wrong_future__over),
	TEST(mend__old_secret_within_its_week__stays),
	TEST(expunge__settled_in_a_wrong_future__as_old_as_its_message),
	TEST(expunge__made_in_a_wrong_future__forgotten_once_delivered),
	TEST(expunge__id_of_a_wrong_future__kept_its_days),
};

T_MAIN_WITH(tests, database_open_moved, database_drop)
