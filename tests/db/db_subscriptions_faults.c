/*
 * Bodies for /subscriptions that have faults: each fault is named, and nothing
 * changes.
 */
#include "t.h"

#include <string.h>

#include "subscriptions_api.h"

/* --- POST --- */

/* One table for POST and PATCH: a member, its value, the error. */
static const struct {
	const char *name, *value, *type, *msg;
} wrong[] = {
	{ "topic", "1", "string_type", "valid string" },
	{ "topic", "null", "value_error", "not be null" },
	{ "topic", "\"\"", "value_error", "event.*" },
	{ "topic", "\"transport\"", "value_error", "event.*" },
	{ "topic", "\"event.\"", "value_error", "event.*" },
	{ "topic", "\"event.Transport\"", "value_error", "event.*" },
	{ "topic", "\"event.**\"", "value_error", "event.*" },
	{ "topic", "\"event.a.b\"", "value_error", "event.*" },
	{ "topic", "\"Event.a\"", "value_error", "event.*" },
	{ "topic", "\"subscription.test\"", "value_error", "event.*" },
	{ "url", "{}", "string_type", "valid string" },
	{ "url", "null", "value_error", "not be null" },
	{ "url", "\"\"", "url_parsing", "does not start with" },
	{ "url", "\"ftp://a/\"", "url_parsing", "does not start with" },
	{ "url", "\"http://u:p@a/\"", "url_parsing", "user and password" },
	{ "url", "\"nats://a/b.>\"", "url_parsing", "encoded" },
	{ "url", "\"nats://a\"", "url_parsing", "subject" },
	{ "url", "\"nats://u:@a/b\"", "url_parsing", "no password" },
	{ "headers", "7", "dict_type", "valid dictionary" },
	{ "headers", "[]", "dict_type", "valid dictionary" },
	{ "credentials", "\"u:p\"", "extra_forbidden", "not permitted" },
	{ "description", "7", "string_type", "valid string" },
	{ "retry_schedule", "7", "value_error", "as an array" },
	{ "retry_schedule", "[\"7\"]", "value_error", "as an array" },
	{ "retry_schedule", "[]", "value_error", "1 to 50 numbers" },
	{ "retry_schedule", "\"\"", "value_error", "1 to 50 numbers" },
	{ "retry_schedule", "\"soon\"", "value_error", "1 to 50 numbers" },
	{ "retry_schedule", "[-1]", "value_error", "1 to 50 numbers" },
	{ "retry_schedule", "\"604801\"", "value_error", "604800" },
	{ "ordering", "\"none\"", "literal_error", "'subject'" },
	{ "ordering", "true", "literal_error", "'subject'" },
	{ "max_in_flight", "0", "greater_than_equal", "equal to 1" },
	{ "max_in_flight", "1001", "less_than_equal", "equal to 1000" },
	{ "max_in_flight", "1e18", "less_than_equal", "equal to 1000" },
	{ "max_in_flight", "18446744073709551617", "less_than_equal",
	    "equal to 1000" },
	{ "max_in_flight", "\"-18446744073709551615\"", "greater_than_equal",
	    "equal to 1" },
	{ "max_in_flight", "1e30", "int_parsing_size", "beyond 64 bits" },
	{ "max_in_flight", "1.5", "int_from_float", "fractional" },
	{ "max_in_flight", "\"many\"", "int_parsing", "integer" },
	{ "max_in_flight", "null", "value_error", "not be null" },
	{ "expires_after", "0", "greater_than_equal", "equal to 1" },
	{ "expires_after", "31536001", "less_than_equal", "31536000" },
	{ "paused", "\"maybe\"", "bool_parsing", "boolean" },
	{ "paused", "null", "value_error", "not be null" },
	{ "secret", "\"whsec_\"", "extra_forbidden", "not permitted" },
	{ "id", "1", "extra_forbidden", "not permitted" },
	{ "disabled_reason", "null", "extra_forbidden", "not permitted" },
};

static void
post__wrong_member__422_that_names_it(void **state)
{
	char body[512];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		snprintf(body, sizeof(body), "{%s%s\"%s\":%s}",
		    strcmp(wrong[i].name, "topic") == 0
			? ""
			: "\"topic\":\"event.*\",",
		    strcmp(wrong[i].name, "url") == 0 ? ""
						      : "\"url\":\"" RECEIVER
							"\",",
		    wrong[i].name, wrong[i].value);
		api_expect("POST", "/subscriptions", body, 422);
		api_expect_fault(wrong[i].name, wrong[i].type, wrong[i].msg);
	}
	assert_int_equal(
	    t_number(url, "SELECT count(*) FROM subscriptions"), 0);
}

static void
post__several_wrong__all_listed(void **state)
{
	(void)state;
	api_expect("POST", "/subscriptions",
	    J("{'url':'x','paused':2,'colour':'red'}"), 422);
	api_expect_fault("topic", "missing", "Field required");
	api_expect_fault("url", "url_parsing", J("'input':'x'"));
	api_expect_fault("paused", "bool_parsing", "\"input\":2");
	/* A misspelt member may hold a secret, so its value is not returned. */
	api_expect_fault("colour", "extra_forbidden", "\"input\":null");
	api_expect("POST", "/subscriptions", "{}", 422);
	api_expect_fault("topic", "missing", "Field required");
	api_expect_fault("url", "missing", "Field required");
}

static void
post__nothing_but_unknown_members__bounded_answer(void **state)
{
	struct buf body;
	int i;

	(void)state;
	buf_init(&body, 1 << 20);
	for (i = 0; i < 50000; i++)
		buf_printf(&body, "%s\"m%d\":0", i ? "," : "{", i);
	buf_putc(&body, '}');
	api_expect("POST", "/subscriptions", body.data, 422);
	assert_true(api_res.body.len < 100000);
	api_expect("POST", "/subscriptions", NEW, 201);
	buf_free(&body);
}

static void
post__description_of_any_alphabet__counted_in_characters(void **state)
{
	struct buf body;
	int i, n;

	(void)state;
	for (n = 1000; n <= 1001; n++) {
		buf_init(&body, 1 << 16);
		buf_puts(&body,
		    J("{'topic':'event.*','url':'" RECEIVER "',"
		      "'description':'"));
		for (i = 0; i < n; i++)
			buf_puts(&body, i % 2 ? "\xe2\x82\xac" : "\\u0001");
		buf_puts(&body, "\"}");
		api_expect(
		    "POST", "/subscriptions", body.data, n == 1000 ? 201 : 422);
		buf_free(&body);
	}
	api_expect_fault("description", "string_too_long", "at most 1000");
}

/* --- PATCH --- */

static void
patch__wrong_member__422_and_nothing_changes(void **state)
{
	char *id = api_create(NEW), *before, *after, body[256];
	size_t i;

	(void)state;
	before = t_sql(url, "SELECT s::text FROM subscriptions AS s");
	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		snprintf(body, sizeof(body), "{\"%s\":%s}", wrong[i].name,
		    wrong[i].value);
		api_expect("PATCH", api_path(id, ""), body, 422);
		api_expect_fault(wrong[i].name, wrong[i].type, wrong[i].msg);
	}
	api_expect(
	    "PATCH", api_path(id, ""), J("{'url':'http://localhost/'}"), 422);
	api_expect_fault("url", "url_forbidden", "loopback");
	api_expect("PATCH", api_path(id, ""), NULL, 422);
	api_expect_fault(NULL, "missing", "Field required");
	after = t_sql(url, "SELECT s::text FROM subscriptions AS s");
	assert_string_equal(before, after);
	free(before);
	free(after);
	free(id);
}

static const struct CMUnitTest tests[] = {
	TEST(post__wrong_member__422_that_names_it),
	TEST(post__several_wrong__all_listed),
	TEST(post__nothing_but_unknown_members__bounded_answer),
	TEST(post__description_of_any_alphabet__counted_in_characters),
	TEST(patch__wrong_member__422_and_nothing_changes),
};

T_MAIN_WITH(tests, api_open, api_close)
