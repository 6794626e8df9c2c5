/*
 * POST /subscriptions: the subscription made of a body, and its warnings.
 */
#include "t.h"

#include <string.h>

#include "guard.h"
#include "json.h"
#include "secret.h"
#include "subscriptions_api.h"

static void
post__least_of_all__201_with_defaults_and_secret(void **state)
{
	char *id = api_create(NEW), want[128], signature[SIGNATURE_LEN + 1];
	char *kept;

	(void)state;
	snprintf(want, sizeof(want), "Location: /subscriptions/%s\r\n", id);
	assert_string_equal(api_res.headers.data, want);
	api_expect_member("topic", "\"event.*\"");
	api_expect_member("url", "\"" RECEIVER "\"");
	api_expect_member("headers", "{}");
	api_expect_member("description", "null");
	api_expect_member("retry_schedule", "null");
	api_expect_member("ordering", "null");
	api_expect_member("max_in_flight", "16");
	api_expect_member("expires_after", "null");
	api_expect_member("paused", "false");
	api_expect_member("status", "\"active\"");
	api_expect_member("disabled_reason", "null");
	api_expect_member(
	    "breaker", J("{'state':'closed','failures':0,'open_until':null}"));
	api_expect_member("secret_rotates_until", "null");
	assert_int_equal(strlen(json_string(api_value("created_at"))), 27);
	assert_string_equal(json_string(api_value("created_at")),
	    json_string(api_value("updated_at")));
	assert_int_equal(secret_sign(json_string(api_value("secret")), "id", 1,
			     "", 0, signature),
	    STATUS_OK);
	kept = t_sql(url, "SELECT secret FROM subscriptions");
	assert_string_equal(kept, json_string(api_value("secret")));
	free(kept);
	free(id);
}

static void
post__every_member__kept(void **state)
{
	char *id;

	(void)state;
	id = api_create("{\"topic\":\"event.transport\","
			"\"url\":\"nats://n1.example:4223/city.transport\","
			"\"description\":\"b\\u00fcses \\\"1\\\"\","
			"\"retry_schedule\":\"0, 1.5 ,60\","
			"\"ordering\":\"subject\",\"max_in_flight\":1000,"
			"\"expires_after\":31536000,\"paused\":true}");
	api_expect("GET", api_path(id, ""), NULL, 200);
	api_expect_member("topic", "\"event.transport\"");
	api_expect_member("url", "\"nats://n1.example:4223/city.transport\"");
	api_expect_member("description", "\"b\xc3\xbcses \\\"1\\\"\"");
	api_expect_member("retry_schedule", "\"0,1.5,60\"");
	api_expect_member("ordering", "\"subject\"");
	api_expect_member("max_in_flight", "1000");
	api_expect_member("expires_after", "31536000");
	api_expect_member("paused", "true");
	api_expect_member("status", "\"paused\"");
	free(id);
}

/* Such a topic is accepted, because a rule for it can come later. */
static void
post__topic_that_nothing_derives_to__warned_of(void **state)
{
	static const char *const topics[] = { "event.nonsense", "event.health",
		"event.energy" };
	char body[128], warning[256], *id;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(topics) / sizeof(*topics); i++) {
		snprintf(body, sizeof(body),
		    "{\"topic\":\"%s\",\"url\":\"" RECEIVER "\"}", topics[i]);
		snprintf(warning, sizeof(warning),
		    "[\"topic: no rule derives an event to %s, so nothing will "
		    "be delivered; rules derive to event.security, "
		    "event.transport\"]",
		    topics[i]);
		id = api_create(body);
		api_expect_member("warnings", warning);
		assert_non_null(json_string(api_value("secret")));
		api_expect("GET", api_path(id, ""), NULL, 200);
		api_expect_member("warnings", warning);
		api_expect("POST", api_path(id, "/secret/rotate"), NULL, 200);
		api_expect_member("warnings", warning);
		free(id);
	}
}

static void
expect_no_warning(void)
{
	assert_null(json_member(json_root(api_answer), "warnings"));
}

static void
post__topic_that_is_derived_to__no_warning(void **state)
{
	static const char *const topics[] = { "event.*", "event.transport",
		"event.security" };
	char body[128], *id;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(topics) / sizeof(*topics); i++) {
		snprintf(body, sizeof(body),
		    "{\"topic\":\"%s\",\"url\":\"" RECEIVER "\"}", topics[i]);
		id = api_create(body);
		expect_no_warning();
		api_expect("GET", api_path(id, ""), NULL, 200);
		expect_no_warning();
		free(id);
	}
}

static void
patch__topic_changes__warned_of_as_it_is_then(void **state)
{
	char *id = api_create(NEW);

	(void)state;
	api_expect(
	    "PATCH", api_path(id, ""), J("{'topic':'event.security'}"), 200);
	expect_no_warning();
	api_expect(
	    "PATCH", api_path(id, ""), J("{'topic':'event.nowhere'}"), 200);
	assert_non_null(strstr(api_res.body.data,
	    "derives an event to "
	    "event.nowhere, so nothing"));
	free(id);
}

static void
post__schedule_as_an_array__kept_as_text(void **state)
{
	(void)state;
	free(api_create(J("{'topic':'event.*','url':'" RECEIVER "',"
			  "'retry_schedule':[0, 0.5, 604800]}")));
	api_expect_member("retry_schedule", "\"0,0.5,604800\"");
}

static void
post__nulls_where_allowed__as_if_absent(void **state)
{
	(void)state;
	free(api_create(J("{'topic':'event.*','url':'" RECEIVER "',"
			  "'description':null,'retry_schedule':null,"
			  "'ordering':null,'expires_after':null}")));
	api_expect_member("description", "null");
	api_expect_member("expires_after", "null");
}

static void
post__no_such_body__refused_before_it_is_looked_at(void **state)
{
	struct request req = { .method = "POST",
		.path = "/subscriptions",
		.query = "",
		.body = "",
		.body_too_large = true };

	(void)state;
	api_expect("POST", "/subscriptions", NULL, 422);
	api_expect_fault(NULL, "missing", "Field required");
	api_expect("POST", "/subscriptions", "{\"topic\":", 422);
	api_expect_fault(NULL, "json_invalid", "JSON decode error");
	api_expect("POST", "/subscriptions",
	    J("{'topic':'event.*','topic':'event.*'}"), 422);
	api_expect_fault(NULL, "json_invalid", "JSON decode error");
	api_expect("POST", "/subscriptions", "[]", 422);
	api_expect_fault(NULL, "dict_type", "valid dictionary");
	api_type = "text/plain";
	api_call("POST", "/subscriptions", NEW);
	api_type = "application/json";
	assert_int_equal(api_res.status, 415);
	api_forget();
	response_init(&api_res);
	route_handle(&api_context, &req, &api_res);
	assert_int_equal(api_res.status, 413);
}

static void
post__address_never_or_not_yet_allowed__422_with_the_reason(void **state)
{
	static const char *const rows[][2] = {
		{ "http://localhost:9/",
		    "loopback addresses are allowed only "
		    "with SMARTCITY_DELIVERY_ALLOW" },
		{ "http://127.1/", "loopback addresses" },
		{ "http://0x7f000001/", "loopback addresses" },
		{ "http://2130706433/", "loopback addresses" },
		{ "http://[::1]/", "loopback addresses" },
		{ "http://[::ffff:127.0.0.1]/", "loopback addresses" },
		{ "nats://127.0.0.1/a", "loopback addresses" },
		{ "https://10.1.2.3/", "private addresses are allowed only" },
		{ "http://169.254.169.254/latest",
		    "link-local addresses are never allowed" },
		{ "http://[fd00:ec2::254]/",
		    "metadata service addresses are never allowed" },
		{ "http://0/", "unspecified addresses are never allowed" },
	};
	char body[256], error[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		snprintf(body, sizeof(body),
		    "{\"topic\":\"event.*\",\"url\":\"%s\"}", rows[i][0]);
		api_expect("POST", "/subscriptions", body, 422);
		api_expect_fault("url", "url_forbidden", rows[i][1]);
	}
	assert_int_equal(
	    guard_init(&api_guard, "loopback,private", error), STATUS_OK);
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		snprintf(body, sizeof(body),
		    "{\"topic\":\"event.*\",\"url\":\"%s\"}", rows[i][0]);
		api_expect("POST", "/subscriptions", body,
		    strstr(rows[i][1], "never") != NULL ? 422 : 201);
	}
}

static const struct CMUnitTest tests[] = {
	TEST(post__least_of_all__201_with_defaults_and_secret),
	TEST(post__every_member__kept),
	TEST(post__topic_that_nothing_derives_to__warned_of),
	TEST(post__topic_that_is_derived_to__no_warning),
	TEST(patch__topic_changes__warned_of_as_it_is_then),
	TEST(post__schedule_as_an_array__kept_as_text),
	TEST(post__nulls_where_allowed__as_if_absent),
	TEST(post__no_such_body__refused_before_it_is_looked_at),
	TEST(post__address_never_or_not_yet_allowed__422_with_the_reason),
};

T_MAIN_WITH(tests, api_open, api_close)
