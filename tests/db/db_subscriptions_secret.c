/*
 * A subscription's secret is rotated, and a test message is sent.
 */
#include "t.h"

#include <string.h>

#include "json.h"
#include "secret.h"
#include "subscriptions_api.h"

/* --- rotation --- */

static void
rotate__without_a_body__old_secret_for_a_day(void **state)
{
	char *id = api_create(NEW), *old = api_text("secret"), *kept;

	(void)state;
	api_type = NULL;
	api_call("POST", api_path(id, "/secret/rotate"), NULL);
	api_type = "application/json";
	assert_int_equal(api_res.status, 200);
	assert_string_not_equal(json_string(api_value("secret")), old);
	assert_int_equal(
	    strlen(json_string(api_value("secret_rotates_until"))), 27);
	kept =
	    t_sql(url, "SELECT secret || ' ' || old_secret FROM subscriptions");
	assert_memory_equal(kept, json_string(api_value("secret")), SECRET_LEN);
	assert_string_equal(kept + SECRET_LEN + 1, old);
	t_pass(url, "86399 seconds");
	api_expect("GET", api_path(id, ""), NULL, 200);
	assert_int_equal(
	    strlen(json_string(api_value("secret_rotates_until"))), 27);
	t_pass(url, "2 seconds");
	api_expect("GET", api_path(id, ""), NULL, 200);
	api_expect_member("secret_rotates_until", "null");
	free(kept);
	free(old);
	free(id);
}

static void
rotate__with_a_grace__that_long(void **state)
{
	char *id = api_create(NEW);

	(void)state;
	api_expect("POST", api_path(id, "/secret/rotate"),
	    "{\"grace_seconds\":604800}", 200);
	assert_int_equal(t_number(url,
			     "SELECT round(extract(epoch FROM old_secret_until "
			     "- updated_at))"
			     " FROM subscriptions"),
	    604800);
	api_expect("POST", api_path(id, "/secret/rotate"),
	    "{\"grace_seconds\":null}", 200);
	api_expect("POST", api_path(id, "/secret/rotate"),
	    "{\"grace_seconds\":0}", 200);
	api_expect_member("secret_rotates_until", "null");
	assert_int_equal(t_number(url,
			     "SELECT count(*) FROM subscriptions WHERE "
			     "old_secret IS NULL AND old_secret_until IS NULL"),
	    1);
	free(id);
}

static void
rotate__wrong_body__422_and_the_secret_stays(void **state)
{
	static const char *const rows[][3] = {
		{ "{\"grace_seconds\":-1}", "grace_seconds",
		    "greater_than_equal" },
		{ "{\"grace_seconds\":604801}", "grace_seconds",
		    "less_than_equal" },
		{ "{\"grace_seconds\":\"long\"}", "grace_seconds",
		    "int_parsing" },
		{ "{\"grace\":1}", "grace", "extra_forbidden" },
		{ "[]", NULL, "dict_type" },
		{ "{", NULL, "json_invalid" },
	};
	char *id = api_create(NEW), *old = api_text("secret"), *kept;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		api_expect(
		    "POST", api_path(id, "/secret/rotate"), rows[i][0], 422);
		api_expect_fault(rows[i][1], rows[i][2], "");
	}
	kept = t_sql(url, "SELECT secret FROM subscriptions");
	assert_string_equal(kept, old);
	free(kept);
	free(old);
	free(id);
}

/* --- test --- */

static void
test__among_others__one_message_to_this_one_alone(void **state)
{
	char *id = api_create(NEW), *other = api_create(NEW), *got, want[256];

	(void)state;
	api_type = NULL;
	api_call("POST", api_path(id, "/test"), NULL);
	api_type = "application/json";
	assert_int_equal(api_res.status, 202);
	got = t_sql(url,
	    "SELECT concat_ws(' ', m.id, topic, payload, source, request_id,"
	    " d.subscription_id, d.status, d.attempts, m.subject,"
	    " m.causation_id) FROM outbox_messages AS m"
	    " JOIN deliveries AS d ON d.message_id = m.id"
	    " WHERE d.next_attempt_at = m.occurred_at");
	snprintf(want, sizeof(want),
	    "%s subscription.test {\"test\":true,\"subscription_id\":\"%s\"} "
	    "/subscriptions/%s request-1 %s pending 0",
	    json_string(api_value("id")), id, id, id);
	assert_string_equal(got, want);
	assert_int_equal(t_number(url, "SELECT count(*) FROM deliveries"), 1);
	assert_int_equal(
	    t_number(url, "SELECT count(*) FROM outbox_messages"), 1);
	api_expect("POST", api_path(id, "/test"), NULL, 202);
	assert_int_equal(t_number(url, "SELECT count(*) FROM deliveries"), 2);
	free(got);
	free(other);
	free(id);
}

static const struct CMUnitTest tests[] = {
	TEST(rotate__without_a_body__old_secret_for_a_day),
	TEST(rotate__with_a_grace__that_long),
	TEST(rotate__wrong_body__422_and_the_secret_stays),
	TEST(test__among_others__one_message_to_this_one_alone),
};

T_MAIN_WITH(tests, api_open, api_close)
