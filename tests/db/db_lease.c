/*
 * Claims of deliveries: by which session, how many, in what order.
 */
#include "t.h"

#include "claims.h"
#include "lease.h"

static void
claim__two_sessions__disjoint(void **state)
{
	const struct claim ten = { "[]", -1, 60, 10, 10, 100 };
	struct pg_result *a, *b;
	int i, j;

	(void)state;
	claims_put(15, ONE);
	a = claims_with(session_one, &ten, 10);
	b = claims_with(session_two, &ten, 5);
	for (i = 0; i < 10; i++)
		for (j = 0; j < 5; j++)
			assert_string_not_equal(lease_row(a, i).message.id,
			    lease_row(b, j).message.id);
	pg_free(a);
	pg_free(b);
	assert_int_equal(claims_count("delivering"), 15);
}

static void
claim__one_delivery__all_that_is_to_be_sent(void **state)
{
	struct pg_result *rows;
	struct claimed c;

	(void)state;
	claims_put(1, ONE);
	t_exec(url,
	    "UPDATE outbox_messages SET source = '/ingest/health',"
	    " subject = 's', causation_id = '" TWO "', request_id = 'r',"
	    " traceparent = 't', occurred_at = '2026-11-24 10:00:00.5Z';"
	    "UPDATE subscriptions SET old_secret = 'whsec_0',"
	    " retry_schedule = '0,7', max_in_flight = 3,"
	    " old_secret_until = now() + interval '1 hour'");
	rows = claims_n(session_one, 1);
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
	claims_put(1, ONE);
	rows = claims_n(session_one, 1);
	c = lease_row(rows, 0);
	assert_string_equal(c.credentials, "ann:p%20w");
	assert_string_equal(c.headers, "X-A: a \"b\\\nAuthorization: Bearer x");
	pg_free(rows);
	claims_put(1, TWO);
	rows = claims_n(session_one, 1);
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
	claims_put(1, ONE);
	t_exec(url,
	    "UPDATE subscriptions SET old_secret = 'whsec_0',"
	    " old_secret_until = now() - interval '1 second'");
	rows = claims_n(session_one, 1);
	assert_null(lease_row(rows, 0).old_secret);
	pg_free(rows);
}

static void
claim__more_than_fit__oldest_first(void **state)
{
	const struct claim three = { "[]", -1, 60, 10, 3, 100 };
	struct pg_result *rows;

	(void)state;
	claims_put(9, ONE);
	rows = claims_with(session_one, &three, 3);
	pg_free(rows);
	claims_expect("1 2 3",
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
	claims_put(5, ONE);
	t_exec(url,
	    "INSERT INTO deliveries (message_id, subscription_id)"
	    " SELECT id, '" TWO "' FROM outbox_messages;"
	    "UPDATE subscriptions SET max_in_flight = 4");
	pg_free(claims_with(session_one, &c, 6));
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
	claims_put(5, ONE);
	pg_free(claims_with(session_one, &c, 3));
}

static void
claim__no_room__nothing(void **state)
{
	const struct claim c = { "[{\"id\":\"" ONE "\",\"room\":0}]", -1, 60,
		10, 100, 100 };

	(void)state;
	claims_put(5, ONE);
	pg_free(claims_with(session_one, &c, 0));
}

static void
claim__looks_a_second_back__older_ones_wait_for_the_sweep(void **state)
{
	const struct claim c = { "[]", 0.5, 60, 10, 100, 100 };

	(void)state;
	claims_put(5, ONE); /* due since a second ago */
	pg_free(claims_with(session_one, &c, 0));
	claims_expect_n(5);
}

static void
claim__receiver_woken_a_moment_ago__everything_looked_at(void **state)
{
	const struct claim c = { "[]", 0.5, 60, 10, 100, 100 };

	(void)state;
	claims_put(5, ONE);
	t_exec(url, "UPDATE subscriptions SET woken_at = now()");
	pg_free(claims_with(session_one, &c, 5));
}

static void
claim__lease_ended__again_and_the_loss_noted(void **state)
{
	struct pg_result *rows;

	(void)state;
	claims_put(1, ONE);
	claims_expect_n(1);
	t_pass(url, "59 seconds");
	claims_expect_n(0);
	t_pass(url, "2 seconds");
	rows = claims_n(session_two, 1);
	assert_int_equal(lease_row(rows, 0).attempt, 2);
	pg_free(rows);
	claims_expect("1 lost",
	    "SELECT attempt || ' ' || error FROM"
	    " delivery_attempts");
}

static void
claim__attempts_used_up__failed_not_sent(void **state)
{
	struct pg_result *rows;

	(void)state;
	claims_put(1, ONE);
	t_exec(url, "UPDATE deliveries SET attempts = 10");
	rows = claims_n(session_one, 1);
	assert_int_equal(lease_row(rows, 0).state, DELIVERY_FAILED);
	pg_free(rows);
	claims_expect("10 t",
	    "SELECT attempts || ' ' || (settled_at IS NOT NULL)::text"
	    "::char FROM deliveries");
	claims_expect_n(0);
}

static void
claim__replayed_after_ten_attempts__counted_anew(void **state)
{
	struct pg_result *rows;

	(void)state;
	claims_put(1, ONE);
	t_exec(
	    url, "UPDATE deliveries SET attempts = 10, attempts_before = 10");
	rows = claims_n(session_one, 1);
	assert_int_equal(lease_row(rows, 0).attempt, 11);
	assert_int_equal(lease_row(rows, 0).attempts, 1);
	pg_free(rows);
}

static void
claim__too_old_for_its_receiver__expired(void **state)
{
	(void)state;
	claims_put(1, ONE);
	t_exec(url, "UPDATE subscriptions SET expires_after = 60");
	t_pass(url, "61 seconds");
	claims_expect_n(1);
	assert_int_equal(claims_count("expired"), 1);
	claims_expect_n(0);
}

static void
claim__receiver_not_to_be_served__held(void **state)
{
	static const char *const changes[] = { "paused = true",
		"disabled_reason = 'gone'", "deleted_at = now()",
		"open_until = now() + interval '1 minute'" };
	size_t i;

	(void)state;
	claims_put(1, ONE);
	for (i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		t_exec(url, "UPDATE subscriptions SET %s", changes[i]);
		claims_expect_n(0);
		t_exec(url,
		    "UPDATE subscriptions SET paused = false,"
		    " disabled_reason = NULL, deleted_at = NULL,"
		    " open_until = NULL");
	}
	claims_expect_n(1);
}

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
};

T_MAIN_WITH(tests, claims_open, claims_close)
