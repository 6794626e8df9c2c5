/* POST /outbox/{id}/retry and POST /outbox/replay. */
#include "outbox_rows.h"

#include <string.h>

static int
retry(int n, const char *query)
{
	char target[160];

	snprintf(
	    target, sizeof(target), "/outbox/%s/retry%s", rows_id(n), query);
	return rows_call("POST", target);
}

static void
assert_replayed(const char *query, const char *answer)
{
	char target[256];

	snprintf(target, sizeof(target), "/outbox/replay%s", query);
	assert_int_equal(rows_call("POST", target), 200);
	assert_string_equal(rows_body, answer);
}

static void
assert_refused(const char *target, int status, const char *detail)
{
	assert_int_equal(rows_call("POST", target), status);
	if (strstr(rows_body, detail) == NULL)
		fail_msg("%s: %s", target, rows_body);
}

/* The number of deliveries that are due and as if never attempted. */
static long long
fresh(void)
{
	return t_number(url,
	    "SELECT count(*) FROM deliveries WHERE status = 'pending' "
	    "AND attempts = 4 AND attempts_before = 4 AND settled_at IS NULL "
	    "AND last_error IS NULL "
	    "AND replayed_at = next_attempt_at AND next_attempt_at BETWEEN "
	    "now() - interval '1 minute' AND now()");
}

static void
retry__dead_and_retrying__due_again_and_the_rest_untouched(void **state)
{
	(void)state;
	rows_message(1, "event.transport");
	rows_delivery(1, GOOD, "failed");
	rows_delivery(1, OTHER, "expired");
	rows_delivery(1, PAUSED, "retrying");
	rows_delivery(1, DISABLED, "delivered");
	rows_delivery(1, BROKEN, "delivering");
	rows_delivery(1, HALF_OPEN, "pending");
	rows_message(2, "event.transport");
	rows_delivery(2, GOOD, "failed");
	assert_int_equal(retry(1, ""), 202);
	assert_string_equal(rows_body, "{\"retried\":3}");
	assert_int_equal(fresh(), 3);
	rows_assert_status(1, DISABLED, "delivered");
	rows_assert_status(1, BROKEN, "delivering");
	rows_assert_status(2, GOOD, "failed");
}

static void
retry__subscription_given__no_other(void **state)
{
	(void)state;
	rows_message(1, "event.transport");
	rows_delivery(1, GOOD, "failed");
	rows_delivery(1, OTHER, "failed");
	assert_int_equal(retry(1, "?subscription=" SUBSCRIPTION "2"), 202);
	assert_string_equal(rows_body, "{\"retried\":1}");
	rows_assert_status(1, GOOD, "failed");
	rows_assert_status(1, OTHER, "pending");
}

static void
retry__delivered__only_when_asked_for(void **state)
{
	(void)state;
	rows_message(1, "event.transport");
	rows_delivery(1, GOOD, "delivered");
	rows_delivery(1, OTHER, "failed");
	rows_delivery(1, HALF_OPEN, "delivered");
	assert_int_equal(retry(1, "?status=delivered"), 202);
	assert_string_equal(rows_body, "{\"retried\":2}");
	rows_assert_status(1, OTHER, "failed");
	assert_int_equal(retry(1, ""), 202);
	assert_string_equal(rows_body, "{\"retried\":1}");
	assert_int_equal(fresh(), 3);
}

static void
retry__nothing_to_retry__409(void **state)
{
	(void)state;
	rows_message(1, "event.transport");
	rows_delivery(1, GOOD, "delivered");
	rows_delivery(1, DELETED, "expired");
	assert_int_equal(retry(1, ""), 409);
	assert_string_equal(rows_body,
	    J("{'detail':'Nothing to retry: no delivery of this message to a "
	      "subscription that still exists is failed, expired or "
	      "retrying; held deliveries go on when their subscription is "
	      "resumed'}"));
	assert_int_equal(retry(1, "?status=failed"), 409);
	assert_non_null(strstr(rows_body, "exists is failed; "));
	rows_assert_status(1, DELETED, "expired");
	assert_int_equal(fresh(), 0);
}

static void
retry__no_such_message_or_bad_parameters__404_or_422(void **state)
{
	(void)state;
	assert_int_equal(retry(1, ""), 404);
	assert_non_null(strstr(rows_body, "No message has this id"));
	rows_message(1, "event.transport");
	rows_delivery(1, GOOD, "failed");
	assert_int_equal(retry(1, "?status=pending"), 422);
	assert_non_null(strstr(
	    rows_body, "'failed', 'expired', 'retrying' or 'delivered'"));
	assert_int_equal(retry(1, "?subscription=x"), 422);
	assert_int_equal(retry(1, "?%"), 400);
	assert_refused("/outbox/x/retry", 422, "uuid_parsing");
	assert_int_equal(fresh(), 0);
}

/* Runs the statement that claims deliveries, as a worker does. */
static void
claim(void)
{
	const char *const values[] = { "[]", NULL, "60", "10", "100", "16" };
	struct pg_result *r = NULL;

	assert_int_equal(
	    db_run(database, Q_outbox_claim, values, &r), STATUS_OK);
	pg_free(r);
}

static void
retry__expired__does_not_expire_again_at_once(void **state)
{
	(void)state;
	t_exec(url, "UPDATE subscriptions SET expires_after = 600");
	rows_message(1, "event.transport");
	rows_delivery(1, GOOD, "expired");
	rows_delivery(1, OTHER, "pending");
	assert_int_equal(retry(1, ""), 202);
	claim();
	rows_assert_status(1, GOOD, "delivering");
	rows_assert_status(1, OTHER, "expired");
	t_exec(url,
	    "UPDATE deliveries SET status = 'retrying', "
	    "next_attempt_at = now(), replayed_at = now() - interval '1 hour' "
	    "WHERE status = 'delivering'");
	claim();
	rows_assert_status(1, GOOD, "expired");
}

static void
retry__attempts_were_exhausted__counted_anew(void **state)
{
	(void)state;
	rows_message(1, "event.transport");
	rows_delivery(1, GOOD, "failed");
	t_exec(url, "UPDATE deliveries SET attempts = 10");
	assert_int_equal(retry(1, ""), 202);
	claim();
	rows_assert_status(1, GOOD, "delivering");
	assert_int_equal(t_number(url, "SELECT attempts FROM deliveries"), 11);
}

static void
put_failed(void)
{
	int n;

	for (n = 1; n <= 5; n++) {
		rows_message(n, n < 3 ? "event.transport" : "event.energy");
		rows_delivery(n, GOOD, "failed");
	}
	rows_delivery(2, OTHER, "failed");
	rows_delivery(3, OTHER, "expired");
	rows_delivery(4, OTHER, "delivered");
	rows_delivery(5, DELETED, "failed");
}

static void
replay__dry_run__counted_and_nothing_changed(void **state)
{
	(void)state;
	put_failed();
	assert_replayed("?dry_run=true",
	    J("{'matched':6,'replayed':0,'dry_run':true,'more':false}"));
	assert_replayed("?dry_run=true&limit=5",
	    J("{'matched':5,'replayed':0,'dry_run':true,'more':true}"));
	assert_int_equal(fresh(), 0);
}

static void
replay__failed_by_default__oldest_first_up_to_the_limit(void **state)
{
	(void)state;
	put_failed();
	assert_replayed("?limit=4",
	    J("{'matched':4,'replayed':4,'dry_run':false,'more':true}"));
	assert_int_equal(fresh(), 4);
	rows_assert_status(3, GOOD, "pending");
	rows_assert_status(4, GOOD, "failed");
	rows_assert_status(3, OTHER, "expired");
	assert_replayed("?limit=4&dry_run=false",
	    J("{'matched':2,'replayed':2,'dry_run':false,'more':false}"));
	assert_replayed(
	    "", J("{'matched':0,'replayed':0,'dry_run':false,'more':false}"));
	rows_assert_status(5, DELETED, "failed");
}

static void
assert_matched(const char *query, int n)
{
	char answer[128];

	snprintf(answer, sizeof(answer),
	    "{\"matched\":%d,\"replayed\":0,\"dry_run\":true,\"more\":false}",
	    n);
	assert_replayed(query, answer);
}

static void
replay__filters__those_that_pass_all(void **state)
{
	(void)state;
	put_failed();
	assert_matched("?dry_run=true&status=expired", 1);
	assert_matched("?dry_run=true&status=delivered", 1);
	assert_matched("?dry_run=true&topic=event.energy", 3);
	assert_matched("?dry_run=true&subscription=" SUBSCRIPTION "2", 1);
	assert_matched("?dry_run=true&since=2026-11-23T00:00:00.002Z"
		       "&until=2026-11-23T00:00:00.004Z",
	    3);
	assert_matched(
	    "?dry_run=true&topic=event.energy&subscription=" SUBSCRIPTION "2",
	    0);
	assert_replayed("?status=delivered",
	    J("{'matched':1,'replayed':1,'dry_run':false,'more':false}"));
	rows_assert_status(4, OTHER, "pending");
}

static void
replay__bad_parameters__each_told(void **state)
{
	(void)state;
	put_failed();
	assert_refused("/outbox/replay?status=pending", 422,
	    "Input should be 'failed', 'expired' or 'delivered'");
	assert_refused("/outbox/replay?dry_run=yes", 422,
	    "Input should be 'true' or 'false'");
	assert_refused("/outbox/replay?limit=10001", 400,
	    "Limit must be less than or equal to 10000");
	assert_refused("/outbox/replay?limit=0", 422, "greater_than_equal");
	assert_refused("/outbox/replay?subscription=x", 422, "uuid_parsing");
	assert_refused("/outbox/replay?since=x", 422, "datetime_parsing");
	assert_int_equal(fresh(), 0);
}

#define TEST(name) cmocka_unit_test_setup(name, rows_empty)

static const struct CMUnitTest tests[] = {
	TEST(retry__dead_and_retrying__due_again_and_the_rest_untouched),
	TEST(retry__subscription_given__no_other),
	TEST(retry__delivered__only_when_asked_for),
	TEST(retry__nothing_to_retry__409),
	TEST(retry__no_such_message_or_bad_parameters__404_or_422),
	TEST(retry__expired__does_not_expire_again_at_once),
	TEST(retry__attempts_were_exhausted__counted_anew),
	TEST(replay__dry_run__counted_and_nothing_changed),
	TEST(replay__failed_by_default__oldest_first_up_to_the_limit),
	TEST(replay__filters__those_that_pass_all),
	TEST(replay__bad_parameters__each_told),
};

T_MAIN_WITH(tests, database_open, rows_close)
