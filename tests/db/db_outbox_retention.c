/*
 * outbox_expunge and deliveries_expire: what they delete and expire, and what
 * must stay.
 */
#include "outbox_rows.h"

#include <libpq-fe.h>

#define ID_FIRST "00000000-0000-0000-0000-000000000000"

static long long
run(enum query query, const char *const values[])
{
	struct pg_result *r = NULL;
	long long count;

	assert_int_equal(db_run(database, query, values, &r), STATUS_OK);
	count = strtoll(pg_value(r, 0, 0), NULL, 10);
	pg_free(r);
	return count;
}

static long long
expunge(const char *days, const char *dead_days)
{
	return run(Q_outbox_expunge,
	    (const char *const[]){ days, dead_days, ID_FIRST });
}

static long long
expire(void)
{
	return run(Q_deliveries_expire, NULL);
}

static void
assert_left(const char *numbers)
{
	char *left = t_sql(url,
	    "SELECT string_agg(right(id::text, 1), ' ' ORDER BY id) "
	    "FROM outbox_messages");

	assert_string_equal(left, numbers);
	free(left);
	assert_int_equal(
	    t_number(url,
		"SELECT count(*) FROM (SELECT message_id FROM deliveries UNION "
		"SELECT message_id FROM delivery_attempts) x "
		"WHERE NOT EXISTS (SELECT FROM outbox_messages "
		"WHERE id = message_id)"),
	    0);
}

/* Makes all messages and all settled deliveries `days` old. */
static void
age(int days)
{
	static const char text[] =
	    "UPDATE %s SET %s = (left(uuid_v7_floor(date_trunc('day', now()) - "
	    "interval "
	    "'%d days')::text, 14) || right(%s::text, 22))::uuid";

	t_exec(url, text, "outbox_messages", "id", days, "id");
	t_exec(url, text, "deliveries", "message_id", days, "message_id");
	t_exec(
	    url, text, "delivery_attempts", "message_id", days, "message_id");
	t_exec(url,
	    "UPDATE deliveries SET settled_at = now() - interval '%d days' "
	    "WHERE settled_at IS NOT NULL",
	    days);
}

static void
put_settled(void)
{
	static const char *const states[] = { "delivered", "failed",
		"expired" };
	int n;

	for (n = 0; n < 3; n++) {
		rows_message(n + 1, "event.transport");
		rows_delivery(n + 1, GOOD, states[n]);
		rows_delivery(n + 1, OTHER, "delivered");
	}
	rows_message(4, "event.transport");
	t_exec(url,
	    "INSERT INTO delivery_attempts (message_id, subscription_id, "
	    "  attempt, started_at) "
	    "SELECT message_id, subscription_id, 1, now() FROM deliveries");
}

static void
expunge__old_and_settled__gone_with_its_attempts(void **state)
{
	(void)state;
	put_settled();
	age(8);
	assert_int_equal(expunge("9", "9"), 0);
	/* An id cannot have a time before 1970. */
	assert_int_equal(expunge("100000", "1e5"), 0);
	assert_left("1 2 3 4");
	assert_int_equal(expunge("6.5", "7"), 4);
	assert_left("");
	assert_int_equal(expunge("7", "7"), 0);
}

static void
expunge__failed_or_expired__kept_for_longer(void **state)
{
	(void)state;
	put_settled();
	age(8);
	assert_int_equal(expunge("7", "30"), 2);
	assert_left("2 3");
	assert_int_equal(
	    t_number(url, "SELECT count(*) FROM delivery_attempts"), 4);
	/* The message is old, but its delivery failed only yesterday. */
	age(40);
	t_exec(url,
	    "UPDATE deliveries SET settled_at = now() - interval '1 day' "
	    "WHERE status = 'failed'");
	assert_int_equal(expunge("7", "30"), 1);
	assert_left("2");
}

static void
expunge__anything_waiting__stays_for_ever(void **state)
{
	static const char *const states[] = { "pending", "delivering",
		"retrying" };
	int n;

	(void)state;
	for (n = 0; n < 3; n++) {
		rows_message(n + 1, "event.transport");
		rows_delivery(n + 1, n == 0 ? PAUSED : GOOD, states[n]);
		rows_delivery(n + 1, OTHER, n == 1 ? "failed" : "delivered");
	}
	age(4000);
	assert_int_equal(expunge("0", "0"), 0);
	assert_left("1 2 3");
}

static void
expunge__a_replay_holds_a_delivery__the_message_stays(void **state)
{
	PGconn *other = PQconnectdb(url);
	long long gone, more;

	(void)state;
	put_settled();
	age(40);
	PQclear(PQexec(other,
	    "BEGIN; SELECT FROM deliveries WHERE status = 'failed' "
	    "FOR UPDATE"));
	gone = expunge("7", "30");
	PQclear(PQexec(
	    other, "ROLLBACK; BEGIN; SELECT FROM outbox_messages FOR UPDATE"));
	more = expunge("7", "30");
	PQfinish(other);
	assert_int_equal(gone, 3);
	assert_int_equal(more, 0);
	assert_left("2");
	assert_int_equal(expunge("7", "30"), 1);
}

static void
expire__deleted_subscription__what_waited_is_expired(void **state)
{
	(void)state;
	rows_message(1, "event.transport");
	rows_message(2, "event.transport");
	rows_message(3, "event.transport");
	rows_message(4, "event.transport");
	rows_delivery(1, DELETED, "pending");
	rows_delivery(2, DELETED, "retrying");
	rows_delivery(3, DELETED, "delivering");
	rows_delivery(4, DELETED, "delivered");
	rows_delivery(1, GOOD, "pending");
	rows_delivery(1, PAUSED, "pending");
	t_exec(url,
	    "UPDATE deliveries SET next_attempt_at = now() + interval "
	    "'1 hour' WHERE status IN ('retrying', 'delivering')");
	assert_int_equal(expire(), 2);
	rows_assert_status(1, DELETED, "expired");
	rows_assert_status(2, DELETED, "expired");
	rows_assert_status(3, DELETED, "delivering");
	rows_assert_status(4, DELETED, "delivered");
	rows_assert_status(1, GOOD, "pending");
	rows_assert_status(1, PAUSED, "pending");
	assert_int_equal(t_number(url,
			     "SELECT count(*) FROM deliveries WHERE "
			     "status = 'expired' AND settled_at IS NOT NULL"),
	    2);
	/*
	 * The delivery's worker died: the lease has ended, and no worker claims
	 * the delivery again.
	 */
	t_exec(url, "UPDATE deliveries SET next_attempt_at = now()");
	assert_int_equal(expire(), 1);
	rows_assert_status(3, DELETED, "expired");
}

static void
expire__held_beyond_expires_after__expired(void **state)
{
	int n;

	(void)state;
	t_exec(url, "UPDATE subscriptions SET expires_after = 600");
	for (n = 1; n <= 2; n++) {
		rows_message(n, "event.transport");
		rows_delivery(n, GOOD, "pending");
		rows_delivery(n, PAUSED, "pending");
		rows_delivery(n, DISABLED, "retrying");
		rows_delivery(n, BROKEN, "retrying");
		rows_delivery(n, HALF_OPEN, "retrying");
	}
	t_exec(url,
	    "UPDATE deliveries SET next_attempt_at = now() - interval '9 "
	    "minutes' WHERE message_id = '%s'",
	    rows_id(2));
	assert_int_equal(expire(), 3);
	rows_assert_status(1, PAUSED, "expired");
	rows_assert_status(1, DISABLED, "expired");
	rows_assert_status(1, BROKEN, "expired");
	rows_assert_status(1, GOOD, "pending");
	rows_assert_status(1, HALF_OPEN, "retrying");
	rows_assert_status(2, PAUSED, "pending");
	assert_int_equal(expire(), 0);
}

static void
expire__held_without_expires_after__waits_for_ever(void **state)
{
	(void)state;
	rows_message(1, "event.transport");
	rows_delivery(1, PAUSED, "pending");
	assert_int_equal(expire(), 0);
	rows_assert_status(1, PAUSED, "pending");
}

static void
expire__many__a_thousand_at_once(void **state)
{
	(void)state;
	t_exec(url,
	    "INSERT INTO deliveries (message_id, subscription_id) "
	    "SELECT gen_random_uuid(), '" SUBSCRIPTION "%d' "
	    "FROM generate_series(1, 1001)",
	    DELETED);
	assert_int_equal(expire(), 1000);
	assert_int_equal(expire(), 1);
	assert_int_equal(expire(), 0);
}

#define TEST(name) cmocka_unit_test_setup(name, rows_empty)

static const struct CMUnitTest tests[] = {
	TEST(expunge__old_and_settled__gone_with_its_attempts),
	TEST(expunge__failed_or_expired__kept_for_longer),
	TEST(expunge__anything_waiting__stays_for_ever),
	TEST(expunge__a_replay_holds_a_delivery__the_message_stays),
	TEST(expire__deleted_subscription__what_waited_is_expired),
	TEST(expire__held_beyond_expires_after__expired),
	TEST(expire__held_without_expires_after__waits_for_ever),
	TEST(expire__many__a_thousand_at_once),
};

T_MAIN_WITH(tests, database_open, rows_close)
