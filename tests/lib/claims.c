#include "claims.h"

#include "lease.h"

struct db *session_one, *session_two;

int
claims_open(void **state)
{
	database_make(state);
	moved = t_moved_clock(url);
	session_one = db_new(moved, "one", 30000);
	session_two = db_new(moved, "two", 30000);
	return session_one == NULL || session_two == NULL;
}

int
claims_close(void **state)
{
	db_free(session_one);
	db_free(session_two);
	database_drop(state);
	return 0;
}

int
claims_two_receivers(void **state)
{
	(void)state;
	t_exec(url,
	    "TRUNCATE outbox_messages, deliveries, delivery_attempts,"
	    " subscriptions;"
	    "UPDATE fake.clock SET ahead = '0';"
	    "INSERT INTO subscriptions (id, topic, url, secret, woken_at)"
	    " VALUES ('" ONE "', 'event.*', 'http://one/', 'whsec_1',"
	    "  now() - interval '1 hour'),"
	    " ('" TWO "', 'event.*', 'nats://two/x', 'whsec_2',"
	    "  now() - interval '1 hour')");
	return 0;
}

void
claims_put(int n, const char *receiver)
{
	t_exec(url,
	    "WITH m AS (INSERT INTO outbox_messages (id, topic, payload)"
	    " SELECT uuid_v7_floor(now() - interval '1 second' + n * interval"
	    "  '1 ms'), 'event.security', '{\"n\":' || n || '}'"
	    " FROM generate_series(1, %d) AS n"
	    " ON CONFLICT (id) DO NOTHING RETURNING id)"
	    "INSERT INTO deliveries (message_id, subscription_id,"
	    "  next_attempt_at)"
	    " SELECT id, '%s', now() - interval '1 second' + row_number()"
	    "  OVER (ORDER BY id) * interval '1 ms' FROM m",
	    n, receiver);
}

struct pg_result *
claims_with(struct db *db, const struct claim *c, int n)
{
	struct pg_result *rows = NULL;

	assert_int_equal(lease_claim(db, c, &rows), STATUS_OK);
	assert_int_equal(pg_rows(rows), n);
	return rows;
}

static const struct claim claims_all = { "[]", -1, 60, 10, 100, 100 };

struct pg_result *
claims_n(struct db *db, int n)
{
	return claims_with(db, &claims_all, n);
}

void
claims_expect_n(int n)
{
	pg_free(claims_n(session_one, n));
}

int
claims_count(const char *status)
{
	return (int)t_number(
	    url, "SELECT count(*) FROM deliveries WHERE status = '%s'", status);
}

void
claims_expect(const char *expected, const char *query)
{
	char *value = t_sql(url, "%s", query);

	assert_string_equal(value, expected);
	free(value);
}

struct attempt
claims_attempt_of(const struct pg_result *rows, int row)
{
	struct claimed c = lease_row(rows, row);
	struct attempt a = { .message = c.message,
		.subscription_id = c.subscription_id,
		.url = c.url,
		.number = c.attempt,
		.lease = c.lease };

	buf_init(&a.answer, 1024);
	return a;
}

void
claims_add(struct buf *outcomes, const struct pg_result *rows, int row,
    enum ending ending, enum verdict verdict)
{
	struct attempt a = claims_attempt_of(rows, row);
	struct outcome o = { .ending = ending, .verdict = verdict };

	if (ending == ENDING_RETRYING)
		o.delay_ms = 5000;
	if (ending != ENDING_DELIVERED && verdict != VERDICT_NONE) {
		a.error = ERROR_HTTP;
		a.http_status = 503;
		snprintf(a.detail, sizeof(a.detail), "answered \"503\"");
	}
	lease_add(outcomes, &a, &o);
}

void
claims_expect_settled(struct db *db, struct buf *outcomes, int n)
{
	struct pg_result *settled = NULL;

	assert_int_equal(lease_settle(db, outcomes, 1000, &settled), STATUS_OK);
	assert_int_equal(lease_settled(settled), n);
	pg_free(settled);
	buf_free(outcomes);
}

void
claims_settle_one(enum ending ending, enum verdict verdict)
{
	struct pg_result *rows = claims_n(session_one, 1);
	struct buf outcomes;

	buf_init(&outcomes, 65536);
	claims_add(&outcomes, rows, 0, ending, verdict);
	claims_expect_settled(session_one, &outcomes, 1);
	pg_free(rows);
}
