/* The statements behind the outbox: leases, fencing, order, the breaker. */
#include "t.h"

#include <string.h>

#include "lease.h"

#define ONE "00000000-0000-7000-8000-00000000000a"
#define TWO "00000000-0000-7000-8000-00000000000b"

static const char *url;
static char *moved; /* the same with a clock that t_pass moves */
static struct db *one, *two;

static int
open_database(void **state)
{
	(void)state;
	url = t_database();
	moved = t_moved_clock(url);
	one = db_new(moved, "one", 30000);
	two = db_new(moved, "two", 30000);
	return one == NULL || two == NULL;
}

static int
close_database(void **state)
{
	(void)state;
	db_free(one);
	db_free(two);
	free(moved);
	t_drop(url);
	return 0;
}

static int
two_receivers(void **state)
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

/* Messages of the last second, the first oldest, to one receiver. */
static void
put(int n, const char *receiver)
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

static struct pg_result *
claim_with(struct db *db, const struct claim *c, int n)
{
	struct pg_result *rows = NULL;

	assert_int_equal(lease_claim(db, c, &rows), STATUS_OK);
	assert_int_equal(pg_rows(rows), n);
	return rows;
}

static const struct claim all = { "[]", -1, 60, 10, 100, 100 };

static struct pg_result *
claim_n(struct db *db, int n)
{
	return claim_with(db, &all, n);
}

static void
expect_claims(int n)
{
	pg_free(claim_n(one, n));
}

static int
count(const char *status)
{
	return (int)t_number(
	    url, "SELECT count(*) FROM deliveries WHERE status = '%s'", status);
}

static void
expect(const char *expected, const char *query)
{
	char *value = t_sql(url, "%s", query);

	assert_string_equal(value, expected);
	free(value);
}

/* --- outcomes --- */

static struct attempt
attempt_of(const struct pg_result *rows, int row)
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

static void
add(struct buf *outcomes, const struct pg_result *rows, int row,
    enum ending ending, enum verdict verdict)
{
	struct attempt a = attempt_of(rows, row);
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

static void
expect_settled(struct db *db, struct buf *outcomes, int n)
{
	struct pg_result *settled = NULL;

	assert_int_equal(lease_settle(db, outcomes, 1000, &settled), STATUS_OK);
	assert_int_equal(lease_settled(settled), n);
	pg_free(settled);
	buf_free(outcomes);
}

/* Claims one delivery of whichever receiver has one, and settles it. */
static void
claim_and_settle(enum ending ending, enum verdict verdict)
{
	struct pg_result *rows = claim_n(one, 1);
	struct buf outcomes;

	buf_init(&outcomes, 65536);
	add(&outcomes, rows, 0, ending, verdict);
	expect_settled(one, &outcomes, 1);
	pg_free(rows);
}

/* --- claim --- */

static void
claim__two_sessions__disjoint(void **state)
{
	const struct claim ten = { "[]", -1, 60, 10, 10, 100 };
	struct pg_result *a, *b;
	int i, j;

	(void)state;
	put(15, ONE);
	a = claim_with(one, &ten, 10);
	b = claim_with(two, &ten, 5);
	for (i = 0; i < 10; i++)
		for (j = 0; j < 5; j++)
			assert_string_not_equal(lease_row(a, i).message.id,
			    lease_row(b, j).message.id);
	pg_free(a);
	pg_free(b);
	assert_int_equal(count("delivering"), 15);
}

static void
claim__one_delivery__all_that_is_to_be_sent(void **state)
{
	struct pg_result *rows;
	struct claimed c;

	(void)state;
	put(1, ONE);
	t_exec(url,
	    "UPDATE outbox_messages SET source = '/ingest/health',"
	    " subject = 's', causation_id = '" TWO "', request_id = 'r',"
	    " traceparent = 't', occurred_at = '2026-11-24 10:00:00.5Z';"
	    "UPDATE subscriptions SET old_secret = 'whsec_0',"
	    " retry_schedule = '0,7', max_in_flight = 3,"
	    " old_secret_until = now() + interval '1 hour'");
	rows = claim_n(one, 1);
	c = lease_row(rows, 0);
	assert_string_equal(c.message.topic, "event.security");
	assert_string_equal(c.message.data, "{\"n\":1}");
	assert_string_equal(c.message.source, "/ingest/health");
	assert_string_equal(c.message.subject, "s");
	assert_string_equal(c.message.causation_id, TWO);
	assert_string_equal(c.message.time, "2026-11-24T10:00:00.500000Z");
	assert_string_equal(c.message.request_id, "r");
	assert_string_equal(c.message.traceparent, "t");
	assert_string_equal(c.subscription_id, ONE);
	assert_string_equal(c.url, "http://one/");
	assert_string_equal(c.secret, "whsec_1");
	assert_string_equal(c.old_secret, "whsec_0");
	assert_string_equal(c.retry_schedule, "0,7");
	assert_int_equal(c.max_in_flight, 3);
	assert_int_equal(c.attempt, 1);
	assert_int_equal(c.attempts, 1);
	assert_int_equal(c.state, DELIVERY_DELIVERING);
	pg_free(rows);
}

static void
claim__headers_and_credentials__given_with_the_row(void **state)
{
	struct pg_result *rows;
	struct claimed c;

	(void)state;
	t_exec(url,
	    "UPDATE subscriptions SET credentials = 'ann:p%%20w', headers ="
	    " '{\"X-A\": \"a \\\"b\\\\\", \"Authorization\": \"Bearer x\"}'"
	    " WHERE id = '" ONE "'");
	put(1, ONE);
	rows = claim_n(one, 1);
	c = lease_row(rows, 0);
	assert_string_equal(c.credentials, "ann:p%20w");
	assert_string_equal(c.headers, "X-A: a \"b\\\nAuthorization: Bearer x");
	pg_free(rows);
	put(1, TWO);
	rows = claim_n(one, 1);
	c = lease_row(rows, 0);
	assert_null(c.credentials);
	assert_null(c.headers);
	pg_free(rows);
}

static void
claim__old_secret_past_its_grace__not_given(void **state)
{
	struct pg_result *rows;

	(void)state;
	put(1, ONE);
	t_exec(url,
	    "UPDATE subscriptions SET old_secret = 'whsec_0',"
	    " old_secret_until = now() - interval '1 second'");
	rows = claim_n(one, 1);
	assert_null(lease_row(rows, 0).old_secret);
	pg_free(rows);
}

static void
claim__more_than_fit__oldest_first(void **state)
{
	const struct claim three = { "[]", -1, 60, 10, 3, 100 };
	struct pg_result *rows;

	(void)state;
	put(9, ONE);
	rows = claim_with(one, &three, 3);
	pg_free(rows);
	expect("1 2 3",
	    "SELECT string_agg(substr(payload, 6, 1), ' ' ORDER BY id)"
	    " FROM outbox_messages JOIN deliveries ON id = message_id"
	    " WHERE status = 'delivering'");
}

static void
claim__lanes__each_its_room(void **state)
{
	const struct claim c = { "[{\"id\":\"" ONE "\",\"room\":2}]", -1, 60,
		10, 100, 100 };

	(void)state;
	put(5, ONE);
	t_exec(url,
	    "INSERT INTO deliveries (message_id, subscription_id)"
	    " SELECT id, '" TWO "' FROM outbox_messages;"
	    "UPDATE subscriptions SET max_in_flight = 4");
	pg_free(claim_with(one, &c, 6));
	assert_int_equal(t_number(url,
			     "SELECT count(*) FROM deliveries WHERE status ="
			     " 'delivering' AND subscription_id = '" ONE "'"),
	    2);
}

static void
claim__receivers_not_in_lanes__no_more_than_said(void **state)
{
	const struct claim c = { "[]", -1, 60, 10, 100, 3 };

	(void)state;
	put(5, ONE);
	pg_free(claim_with(one, &c, 3));
}

static void
claim__no_room__nothing(void **state)
{
	const struct claim c = { "[{\"id\":\"" ONE "\",\"room\":0}]", -1, 60,
		10, 100, 100 };

	(void)state;
	put(5, ONE);
	pg_free(claim_with(one, &c, 0));
}

static void
claim__looks_a_second_back__older_ones_wait_for_the_sweep(void **state)
{
	const struct claim c = { "[]", 0.5, 60, 10, 100, 100 };

	(void)state;
	put(5, ONE); /* due for a second */
	pg_free(claim_with(one, &c, 0));
	expect_claims(5);
}

static void
claim__receiver_woken_a_moment_ago__everything_looked_at(void **state)
{
	const struct claim c = { "[]", 0.5, 60, 10, 100, 100 };

	(void)state;
	put(5, ONE);
	t_exec(url, "UPDATE subscriptions SET woken_at = now()");
	pg_free(claim_with(one, &c, 5));
}

static void
claim__lease_ended__again_and_the_loss_noted(void **state)
{
	struct pg_result *rows;

	(void)state;
	put(1, ONE);
	expect_claims(1);
	t_pass(url, "59 seconds");
	expect_claims(0);
	t_pass(url, "2 seconds");
	rows = claim_n(two, 1);
	assert_int_equal(lease_row(rows, 0).attempt, 2);
	pg_free(rows);
	expect("1 lost",
	    "SELECT attempt || ' ' || error FROM"
	    " delivery_attempts");
}

static void
claim__attempts_used_up__failed_not_sent(void **state)
{
	struct pg_result *rows;

	(void)state;
	put(1, ONE);
	t_exec(url, "UPDATE deliveries SET attempts = 10");
	rows = claim_n(one, 1);
	assert_int_equal(lease_row(rows, 0).state, DELIVERY_FAILED);
	pg_free(rows);
	expect("10 t",
	    "SELECT attempts || ' ' || (settled_at IS NOT NULL)::text"
	    "::char FROM deliveries");
	expect_claims(0);
}

static void
claim__replayed_after_ten_attempts__counted_anew(void **state)
{
	struct pg_result *rows;

	(void)state;
	put(1, ONE);
	t_exec(
	    url, "UPDATE deliveries SET attempts = 10, attempts_before = 10");
	rows = claim_n(one, 1);
	assert_int_equal(lease_row(rows, 0).attempt, 11);
	assert_int_equal(lease_row(rows, 0).attempts, 1);
	pg_free(rows);
}

static void
claim__too_old_for_its_receiver__expired(void **state)
{
	(void)state;
	put(1, ONE);
	t_exec(url, "UPDATE subscriptions SET expires_after = 60");
	t_pass(url, "61 seconds");
	expect_claims(1);
	assert_int_equal(count("expired"), 1);
	expect_claims(0);
}

static void
claim__receiver_not_to_be_served__held(void **state)
{
	static const char *const changes[] = { "paused = true",
		"disabled_reason = 'gone'", "deleted_at = now()",
		"open_until = now() + interval '1 minute'" };
	size_t i;

	(void)state;
	put(1, ONE);
	for (i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		t_exec(url, "UPDATE subscriptions SET %s", changes[i]);
		expect_claims(0);
		t_exec(url,
		    "UPDATE subscriptions SET paused = false,"
		    " disabled_reason = NULL, deleted_at = NULL,"
		    " open_until = NULL");
	}
	expect_claims(1);
}

/* --- order --- */

static void
put_subjects(void)
{
	put(6, ONE);
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
	expect_claims(3);
	expect_claims(0);
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
	claim_and_settle(ENDING_RETRYING, VERDICT_BAD);
	expect_claims(0);
	t_pass(url, "6 seconds");
	rows = claim_n(one, 1);
	assert_int_equal(lease_row(rows, 0).attempt, 2);
	buf_init(&outcomes, 65536);
	add(&outcomes, rows, 0, ENDING_DELIVERED, VERDICT_GOOD);
	expect_settled(one, &outcomes, 1);
	pg_free(rows);
	rows = claim_n(one, 1);
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
	expect_claims(1);
	t_exec(url,
	    "UPDATE deliveries SET status = 'pending' WHERE status = 'failed'");
	expect_claims(0);
}

/* What was looked at and had to wait is due again at the right moment. */
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
	claim_and_settle(ENDING_DELIVERED, VERDICT_GOOD);
	pg_free(claim_with(one, &c, 1));
}

/* --- settle --- */

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
	put(1, ONE);
	rows = claim_n(one, 1);
	a = attempt_of(rows, 0);
	a.http_status = 202;
	strcpy(a.address, "127.0.0.1:80");
	buf_put(&a.answer, "fine\0\xff\"", 7);
	buf_init(&outcomes, 65536);
	lease_add(&outcomes, &a, &o);
	expect_settled(one, &outcomes, 1);
	pg_free(rows);
	buf_free(&a.answer);
	assert_int_equal(count("delivered"), 1);
	expect("1 500 202 127.0.0.1:80 fine\xef\xbf\xbd\xef\xbf\xbd\"",
	    "SELECT concat_ws(' ', attempt, duration_ms, http_status, error,"
	    " address, answer) FROM delivery_attempts");
	/* It began 600 ms before the settle, by the database's clock. */
	assert_int_equal(t_number(url,
			     "SELECT count(*) FROM delivery_attempts WHERE"
			     " started_at BETWEEN now() - interval '20 s'"
			     " AND now() - interval '600 ms'"),
	    1);
	expect_claims(0);
}

static void
settle__retrying__due_after_its_delay(void **state)
{
	(void)state;
	put(1, ONE);
	claim_and_settle(ENDING_RETRYING, VERDICT_BAD);
	expect("retrying 1 http: answered \"503\"",
	    "SELECT concat_ws(' ', status, attempts, last_error) FROM"
	    " deliveries");
	t_pass(url, "4 seconds");
	expect_claims(0);
	t_pass(url, "2 seconds");
	expect_claims(1);
}

/* The history keeps the error; what is delivered has none. */
static void
settle__delivered_after_a_failure__no_error_left(void **state)
{
	(void)state;
	put(1, ONE);
	claim_and_settle(ENDING_RETRYING, VERDICT_BAD);
	t_pass(url, "6 seconds");
	claim_and_settle(ENDING_DELIVERED, VERDICT_GOOD);
	expect("delivered 2",
	    "SELECT concat_ws(' ', status, attempts, last_error) FROM"
	    " deliveries");
	expect("http", "SELECT string_agg(error, ' ') FROM delivery_attempts");
}

static void
settle__failed__over(void **state)
{
	(void)state;
	put(1, ONE);
	claim_and_settle(ENDING_FAILED, VERDICT_BAD);
	assert_int_equal(count("failed"), 1);
	t_pass(url, "1 year");
	expect_claims(0);
}

static void
settle__released__as_if_never_claimed(void **state)
{
	struct pg_result *rows;

	(void)state;
	put(1, ONE);
	claim_and_settle(ENDING_RELEASED, VERDICT_NONE);
	expect("pending 0", "SELECT status || ' ' || attempts FROM deliveries");
	assert_int_equal(
	    t_number(url, "SELECT count(*) FROM delivery_attempts"), 0);
	rows = claim_n(two, 1);
	assert_int_equal(lease_row(rows, 0).attempt, 1);
	pg_free(rows);
}

static void
settle__lease_ended_and_claimed_anew__changes_nothing(void **state)
{
	struct pg_result *late, *rows;
	struct buf outcomes;

	(void)state;
	put(1, ONE);
	late = claim_n(one, 1);
	t_pass(url, "61 seconds");
	rows = claim_n(two, 1);
	buf_init(&outcomes, 65536);
	add(&outcomes, late, 0, ENDING_DELIVERED, VERDICT_GOOD);
	expect_settled(one, &outcomes, 0);
	assert_int_equal(count("delivering"), 1);
	/* The history learns what really happened. */
	expect(
	    "1", "SELECT attempt FROM delivery_attempts WHERE error IS NULL");
	buf_init(&outcomes, 65536);
	add(&outcomes, rows, 0, ENDING_RETRYING, VERDICT_BAD);
	expect_settled(two, &outcomes, 1);
	pg_free(late);
	pg_free(rows);
}

static void
settle__told_twice__second_changes_nothing(void **state)
{
	struct pg_result *rows;
	struct buf outcomes;

	(void)state;
	put(1, ONE);
	rows = claim_n(one, 1);
	buf_init(&outcomes, 65536);
	add(&outcomes, rows, 0, ENDING_DELIVERED, VERDICT_GOOD);
	expect_settled(one, &outcomes, 1);
	buf_init(&outcomes, 65536);
	add(&outcomes, rows, 0, ENDING_RETRYING, VERDICT_BAD);
	expect_settled(one, &outcomes, 0);
	pg_free(rows);
	assert_int_equal(count("delivered"), 1);
}

/* Its answer was lost, and another worker was quicker. */
static void
settle__release_told_again__the_next_lease_stays(void **state)
{
	struct pg_result *first, *second;
	struct buf outcomes;

	(void)state;
	put(1, ONE);
	first = claim_n(one, 1);
	buf_init(&outcomes, 65536);
	add(&outcomes, first, 0, ENDING_RELEASED, VERDICT_NONE);
	expect_settled(one, &outcomes, 1);
	second = claim_n(two, 1);
	assert_int_equal(
	    lease_row(first, 0).attempt, lease_row(second, 0).attempt);
	buf_init(&outcomes, 65536);
	add(&outcomes, first, 0, ENDING_RELEASED, VERDICT_NONE);
	expect_settled(one, &outcomes, 0);
	assert_int_equal(count("delivering"), 1);
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
	put(2, ONE);
	rows = claim_n(one, 2);
	buf_init(&outcomes, 65536);
	add(&outcomes, rows, 0, ENDING_DELIVERED, VERDICT_GOOD);
	assert_int_equal(
	    lease_settle(gone, &outcomes, 0, &settled), STATUS_RETRY);
	add(&outcomes, rows, 1, ENDING_DELIVERED, VERDICT_GOOD);
	expect_settled(one, &outcomes, 2);
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
	put(1, ONE);
	rows = claim_n(one, 1);
	buf_init(&outcomes, 10);
	add(&outcomes, rows, 0, ENDING_DELIVERED, VERDICT_GOOD);
	assert_int_equal(
	    lease_settle(one, &outcomes, 0, &settled), STATUS_FAULT);
	buf_free(&outcomes);
	pg_free(rows);
}

/* --- the breaker --- */

static void
fail_times(int n)
{
	int i;

	for (i = 0; i < n; i++) {
		t_exec(url, "UPDATE deliveries SET next_attempt_at = now()");
		claim_and_settle(ENDING_RETRYING, VERDICT_BAD);
	}
}

static void
breaker__ten_failures_in_a_row__open(void **state)
{
	(void)state;
	put(1, ONE);
	fail_times(9);
	expect("9", "SELECT failures FROM subscriptions WHERE id = '" ONE "'");
	expect("", "SELECT open_until FROM subscriptions WHERE id = '" ONE "'");
	fail_times(1);
	expect("1",
	    "SELECT trips FROM subscriptions WHERE open_until"
	    " BETWEEN now() + interval '25 s' AND now() + '31 s'");
	t_exec(url, "UPDATE deliveries SET next_attempt_at = now()");
	expect_claims(0);
}

/* Open since 31 seconds, with five deliveries due. */
static void
put_half_open(int trips)
{
	put(5, ONE);
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
	expect_claims(1);
	expect_claims(0);
}

static void
breaker__half_open_and_good__closed_and_all_due(void **state)
{
	(void)state;
	put_half_open(3);
	claim_and_settle(ENDING_DELIVERED, VERDICT_GOOD);
	expect("0 0 t",
	    "SELECT concat_ws(' ', failures, trips, open_until IS NULL)"
	    " FROM subscriptions WHERE id = '" ONE "'");
	expect_claims(4);
}

static void
breaker__half_open_and_bad__open_for_longer(void **state)
{
	(void)state;
	put_half_open(2);
	claim_and_settle(ENDING_RETRYING, VERDICT_BAD);
	expect("3",
	    "SELECT trips FROM subscriptions WHERE open_until BETWEEN"
	    " now() + interval '110 s' AND now() + interval '121 s'");
	put_half_open(20);
	t_exec(url, "DELETE FROM deliveries WHERE status = 'retrying'");
	claim_and_settle(ENDING_RETRYING, VERDICT_BAD);
	expect("21",
	    "SELECT trips FROM subscriptions WHERE open_until BETWEEN"
	    " now() + interval '590 s' AND now() + interval '601 s'");
}

static void
breaker__message_refused__says_nothing_about_the_receiver(void **state)
{
	(void)state;
	put(1, ONE);
	claim_and_settle(ENDING_RETRYING, VERDICT_NONE);
	expect("0", "SELECT max(failures) FROM subscriptions");
}

static void
breaker__good_between_bad_ones__counts_from_nought(void **state)
{
	(void)state;
	put(2, ONE);
	t_exec(url, "UPDATE subscriptions SET max_in_flight = 1");
	fail_times(1);
	t_exec(url, "UPDATE deliveries SET next_attempt_at = now()");
	claim_and_settle(ENDING_DELIVERED, VERDICT_GOOD);
	expect("0", "SELECT max(failures) FROM subscriptions");
}

static void
breaker__failures_told_twice__counted_once(void **state)
{
	struct pg_result *rows;
	struct buf outcomes;
	int i, told;

	(void)state;
	put(5, ONE);
	rows = claim_n(one, 5);
	for (told = 0; told < 2; told++) {
		buf_init(&outcomes, 65536);
		for (i = 0; i < 5; i++)
			add(&outcomes, rows, i, ENDING_RETRYING, VERDICT_BAD);
		expect_settled(one, &outcomes, told == 0 ? 5 : 0);
	}
	pg_free(rows);
	expect("5", "SELECT failures FROM subscriptions WHERE id = '" ONE "'");
}

static void
breaker__gone_from_the_url_before__the_new_one_is_served(void **state)
{
	struct pg_result *rows;
	struct buf outcomes;

	(void)state;
	put(1, ONE);
	rows = claim_n(one, 1);
	t_exec(url, "UPDATE subscriptions SET url = 'http://127.0.0.1:9/new'");
	buf_init(&outcomes, 65536);
	add(&outcomes, rows, 0, ENDING_RETRYING, VERDICT_GONE);
	expect_settled(one, &outcomes, 1);
	pg_free(rows);
	t_pass(url, "1 hour");
	expect_claims(1);
}

static void
breaker__gone__disabled_and_held(void **state)
{
	(void)state;
	put(2, ONE);
	t_exec(url, "UPDATE subscriptions SET max_in_flight = 1");
	claim_and_settle(ENDING_RETRYING, VERDICT_GONE);
	expect("the receiver answered 410 Gone",
	    "SELECT disabled_reason FROM subscriptions WHERE id = '" ONE "'");
	t_pass(url, "1 hour");
	expect_claims(0);
	assert_int_equal(count("retrying") + count("pending"), 2);
}

#define TEST(test) cmocka_unit_test_setup(test, two_receivers)

static const struct CMUnitTest tests[] = {
	TEST(claim__two_sessions__disjoint),
	TEST(claim__one_delivery__all_that_is_to_be_sent),
	TEST(claim__headers_and_credentials__given_with_the_row),
	TEST(claim__old_secret_past_its_grace__not_given),
	TEST(claim__more_than_fit__oldest_first),
	TEST(claim__lanes__each_its_room),
	TEST(claim__receivers_not_in_lanes__no_more_than_said),
	TEST(claim__no_room__nothing),
	TEST(claim__looks_a_second_back__older_ones_wait_for_the_sweep),
	TEST(claim__receiver_woken_a_moment_ago__everything_looked_at),
	TEST(claim__lease_ended__again_and_the_loss_noted),
	TEST(claim__attempts_used_up__failed_not_sent),
	TEST(claim__replayed_after_ten_attempts__counted_anew),
	TEST(claim__too_old_for_its_receiver__expired),
	TEST(claim__receiver_not_to_be_served__held),
	TEST(order__by_subject__the_oldest_of_each),
	TEST(order__first_is_retried__the_next_waits),
	TEST(order__older_one_replayed__waits_for_the_one_under_way),
	TEST(order__first_is_settled__next_is_found_at_once),
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

T_MAIN_WITH(tests, open_database, close_database)
