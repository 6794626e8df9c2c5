/* /subscriptions, from the route to the rows. */
#include "t.h"

#include <libpq-fe.h>
#include <pthread.h>
#include <string.h>

#include "db.h"
#include "guard.h"
#include "json.h"
#include "route.h"
#include "secret.h"
#include "stack.h"

#define RECEIVER "https://receiver.example/hook"
#define NEW "{\"topic\":\"event.*\",\"url\":\"" RECEIVER "\"}"
#define NOBODY "0197c1d0-0000-7000-8000-000000000000"

static const char *url;
static char *clock_url;
static struct guard guard;
static struct config config;
static struct context context = { .config = &config, .guard = &guard };
static struct response res;
static struct json *answer;
static const char *content_type = "application/json";

static int
setup(void **state)
{
	(void)state;
	url = t_database();
	clock_url = t_moved_clock(url);
	context.db = db_new(clock_url, "test", 5000);
	return context.db == NULL;
}

static void
forget(void)
{
	json_free(answer);
	answer = NULL;
	buf_free(&res.headers);
	buf_free(&res.body);
}

static int
teardown(void **state)
{
	(void)state;
	forget();
	db_free(context.db);
	free(clock_url);
	t_drop(url);
	return 0;
}

/* Each test has the subscriptions it makes. */
static int
start(void **state)
{
	char error[256];

	(void)state;
	t_exec(url, "TRUNCATE subscriptions, deliveries, outbox_messages");
	return guard_init(&guard, "", error) != STATUS_OK;
}

/* Leaves the answer in res and, where it is JSON, in answer. */
static int
ask(const char *method, const char *path, const char *body)
{
	struct request req = {
		.method = method,
		.path = path,
		.query = "",
		.content_type = content_type,
		.request_id = "request-1",
		.body = body != NULL ? body : "",
		.body_len = body != NULL ? strlen(body) : 0,
	};
	struct scan_error error;
	char *mark;
	char target[512];

	snprintf(target, sizeof(target), "%s", path);
	req.path = target;
	if ((mark = strchr(target, '?')) != NULL) {
		*mark = '\0';
		req.query = mark + 1;
	}
	forget();
	res = (struct response){ 0 };
	route_handle(&context, &req, &res);
	assert_false(res.body.failed);
	assert_false(res.headers.failed);
	if (res.body.len > 0 &&
	    json_parse(res.body.data, res.body.len, &answer, &error) !=
		STATUS_OK)
		fail_msg("%s: no JSON: %s", path, res.body.data);
	return res.status;
}

static void
check_ask(const char *method, const char *path, const char *body, int status)
{
	if (ask(method, path, body) != status)
		fail_msg("%s %s %s: %d %s", method, path,
		    body != NULL ? body : "", res.status, res.body.data);
}

static const struct cJSON *
value(const char *name)
{
	const struct cJSON *v = json_member(json_root(answer), name);

	if (v == NULL)
		fail_msg("no %s in %s", name, res.body.data);
	return v;
}

static void
check_member(const char *name, const char *want)
{
	struct buf text;

	buf_init(&text, 1 << 16);
	json_write(&text, value(name));
	if (strcmp(text.data, want) != 0)
		fail_msg("%s is %s, not %s", name, text.data, want);
	buf_free(&text);
}

static char *
text_of(const char *name)
{
	return strdup(json_string(value(name)));
}

/* The caller frees the id. */
static char *
create(const char *body)
{
	check_ask("POST", "/subscriptions", body, 201);
	return text_of("id");
}

static const char *
path_of(const char *id, const char *rest)
{
	static char path[128];

	snprintf(path, sizeof(path), "/subscriptions/%s%s", id, rest);
	return path;
}

static void
check_fault(const char *member, const char *type, const char *msg)
{
	char want[160];

	if (member != NULL)
		snprintf(want, sizeof(want),
		    "{\"type\":\"%s\",\"loc\":[\"body\",\"%s\"],", type,
		    member);
	else
		snprintf(want, sizeof(want),
		    "{\"type\":\"%s\",\"loc\":[\"body\"],", type);
	if (res.status != 422 || strstr(res.body.data, want) == NULL ||
	    strstr(res.body.data, msg) == NULL)
		fail_msg(
		    "no %s, %s in %d %s", want, msg, res.status, res.body.data);
}

/* --- POST --- */

static void
post__least_of_all__201_with_defaults_and_secret(void **state)
{
	char *id = create(NEW), want[128], signature[SIGNATURE_LEN + 1];
	char *kept;

	(void)state;
	snprintf(want, sizeof(want), "Location: /subscriptions/%s\r\n", id);
	assert_string_equal(res.headers.data, want);
	check_member("topic", "\"event.*\"");
	check_member("url", "\"" RECEIVER "\"");
	check_member("headers", "{}");
	check_member("description", "null");
	check_member("retry_schedule", "null");
	check_member("ordering", "null");
	check_member("max_in_flight", "16");
	check_member("expires_after", "null");
	check_member("paused", "false");
	check_member("status", "\"active\"");
	check_member("disabled_reason", "null");
	check_member("breaker",
	    "{\"state\":\"closed\",\"failures\":0,\"open_until\":null}");
	check_member("secret_rotates_until", "null");
	assert_int_equal(strlen(json_string(value("created_at"))), 27);
	assert_string_equal(
	    json_string(value("created_at")), json_string(value("updated_at")));
	assert_int_equal(secret_sign(json_string(value("secret")), "id", 1, "",
			     0, signature),
	    STATUS_OK);
	kept = t_sql(url, "SELECT secret FROM subscriptions");
	assert_string_equal(kept, json_string(value("secret")));
	free(kept);
	free(id);
}

static void
post__every_member__kept(void **state)
{
	char *id;

	(void)state;
	id = create("{\"topic\":\"event.transport\","
		    "\"url\":\"nats://n1.example:4223/city.transport\","
		    "\"description\":\"b\\u00fcses \\\"1\\\"\","
		    "\"retry_schedule\":\"0, 1.5 ,60\","
		    "\"ordering\":\"subject\",\"max_in_flight\":1000,"
		    "\"expires_after\":31536000,\"paused\":true}");
	check_ask("GET", path_of(id, ""), NULL, 200);
	check_member("topic", "\"event.transport\"");
	check_member("url", "\"nats://n1.example:4223/city.transport\"");
	check_member("description", "\"b\xc3\xbcses \\\"1\\\"\"");
	check_member("retry_schedule", "\"0,1.5,60\"");
	check_member("ordering", "\"subject\"");
	check_member("max_in_flight", "1000");
	check_member("expires_after", "31536000");
	check_member("paused", "true");
	check_member("status", "\"paused\"");
	free(id);
}

/* Accepted: somebody may subscribe before the first rule derives to it. */
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
		id = create(body);
		check_member("warnings", warning);
		assert_non_null(json_string(value("secret")));
		check_ask("GET", path_of(id, ""), NULL, 200);
		check_member("warnings", warning);
		check_ask("POST", path_of(id, "/secret/rotate"), NULL, 200);
		check_member("warnings", warning);
		free(id);
	}
}

static void
expect_no_warning(void)
{
	assert_null(json_member(json_root(answer), "warnings"));
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
		id = create(body);
		expect_no_warning();
		check_ask("GET", path_of(id, ""), NULL, 200);
		expect_no_warning();
		free(id);
	}
}

static void
patch__topic_changes__warned_of_as_it_is_then(void **state)
{
	char *id = create(NEW);

	(void)state;
	check_ask(
	    "PATCH", path_of(id, ""), "{\"topic\":\"event.security\"}", 200);
	expect_no_warning();
	check_ask(
	    "PATCH", path_of(id, ""), "{\"topic\":\"event.nowhere\"}", 200);
	assert_non_null(strstr(res.body.data,
	    "derives an event to "
	    "event.nowhere, so nothing"));
	free(id);
}

static void
post__schedule_as_an_array__kept_as_text(void **state)
{
	(void)state;
	free(create("{\"topic\":\"event.*\",\"url\":\"" RECEIVER "\","
		    "\"retry_schedule\":[0, 0.5, 604800]}"));
	check_member("retry_schedule", "\"0,0.5,604800\"");
}

static void
post__nulls_where_allowed__as_if_absent(void **state)
{
	(void)state;
	free(create("{\"topic\":\"event.*\",\"url\":\"" RECEIVER "\","
		    "\"description\":null,\"retry_schedule\":null,"
		    "\"ordering\":null,\"expires_after\":null}"));
	check_member("description", "null");
	check_member("expires_after", "null");
}

/* The same table for POST and PATCH: a member, its value, what is wrong. */
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
		check_ask("POST", "/subscriptions", body, 422);
		check_fault(wrong[i].name, wrong[i].type, wrong[i].msg);
	}
	assert_int_equal(
	    t_number(url, "SELECT count(*) FROM subscriptions"), 0);
}

static void
post__several_wrong__all_listed(void **state)
{
	(void)state;
	check_ask("POST", "/subscriptions",
	    "{\"url\":\"x\",\"paused\":2,\"colour\":\"red\"}", 422);
	check_fault("topic", "missing", "Field required");
	check_fault("url", "url_parsing", "\"input\":\"x\"");
	check_fault("paused", "bool_parsing", "\"input\":2");
	/* A misspelt name may hold a secret: it is not said back. */
	check_fault("colour", "extra_forbidden", "\"input\":null");
	check_ask("POST", "/subscriptions", "{}", 422);
	check_fault("topic", "missing", "Field required");
	check_fault("url", "missing", "Field required");
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
	check_ask("POST", "/subscriptions", body.data, 422);
	assert_true(res.body.len < 100000);
	check_ask("POST", "/subscriptions", NEW, 201);
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
		    "{\"topic\":\"event.*\",\"url\":\"" RECEIVER "\","
		    "\"description\":\"");
		for (i = 0; i < n; i++)
			buf_puts(&body, i % 2 ? "\xe2\x82\xac" : "\\u0001");
		buf_puts(&body, "\"}");
		check_ask(
		    "POST", "/subscriptions", body.data, n == 1000 ? 201 : 422);
		buf_free(&body);
	}
	check_fault("description", "string_too_long", "at most 1000");
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
	check_ask("POST", "/subscriptions", NULL, 422);
	check_fault(NULL, "missing", "Field required");
	check_ask("POST", "/subscriptions", "{\"topic\":", 422);
	check_fault(NULL, "json_invalid", "JSON decode error");
	check_ask("POST", "/subscriptions",
	    "{\"topic\":\"event.*\",\"topic\":\"event.*\"}", 422);
	check_fault(NULL, "json_invalid", "JSON decode error");
	check_ask("POST", "/subscriptions", "[]", 422);
	check_fault(NULL, "dict_type", "valid dictionary");
	content_type = "text/plain";
	ask("POST", "/subscriptions", NEW);
	content_type = "application/json";
	assert_int_equal(res.status, 415);
	forget();
	route_handle(&context, &req, &res);
	assert_int_equal(res.status, 413);
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
		check_ask("POST", "/subscriptions", body, 422);
		check_fault("url", "url_forbidden", rows[i][1]);
	}
	assert_int_equal(
	    guard_init(&guard, "loopback,private", error), STATUS_OK);
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		snprintf(body, sizeof(body),
		    "{\"topic\":\"event.*\",\"url\":\"%s\"}", rows[i][0]);
		check_ask("POST", "/subscriptions", body,
		    strstr(rows[i][1], "never") != NULL ? 422 : 201);
	}
}

/* --- headers and credentials: written, never read --- */

#define WITH_HEADERS(headers)                                                  \
	"{\"topic\":\"event.*\",\"url\":\"" RECEIVER "\",\"headers\":" headers \
	"}"
#define TWO_HEADERS                                                            \
	"{\"Authorization\":\"Bearer "                                         \
	"s3cret-one\",\"X-Api-Key\":\"s3cret-two\"}"
#define NATS(user, rest)                                                       \
	"{\"topic\":\"event.*\",\"url\":\"nats://" user "n1.example/" rest "\"}"

/* The answer at hand does not tell what tests give as secrets. */
static void
check_silent(void)
{
	if (strstr(res.body.data, "s3cret") != NULL)
		fail_msg("told: %s", res.body.data);
}

/* How headers and credentials stand in the only row. */
static void
check_kept(const char *want)
{
	char *got = t_sql(url,
	    "SELECT concat_ws(' ', url, credentials, headers)"
	    " FROM subscriptions");

	assert_string_equal(got, want);
	free(got);
}

static void
headers__given__kept_and_shown_masked_everywhere(void **state)
{
	static const char shown[] =
	    "\"headers\":{\"Authorization\":\"***\",\"X-Api-Key\":\"***\"}";
	char *id = create(WITH_HEADERS(TWO_HEADERS));
	const char *const paths[] = { "", "/secret/rotate" };
	size_t i;

	(void)state;
	assert_non_null(strstr(res.body.data, shown));
	check_silent();
	for (i = 0; i < 2; i++) {
		check_ask(i ? "POST" : "GET", path_of(id, paths[i]), NULL, 200);
		assert_non_null(strstr(res.body.data, shown));
		check_silent();
	}
	check_ask("PATCH", path_of(id, ""), "{\"paused\":true}", 200);
	assert_non_null(strstr(res.body.data, shown));
	check_silent();
	check_ask("GET", "/subscriptions", NULL, 200);
	assert_non_null(strstr(res.body.data, shown));
	check_silent();
	check_kept(RECEIVER " {\"X-Api-Key\": \"s3cret-two\","
			    " \"Authorization\": \"Bearer s3cret-one\"}");
	free(id);
}

static void
headers__none_in_any_spelling__none_kept(void **state)
{
	static const char *const rows[] = { "null", "{}" };
	char body[256], *id;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		snprintf(body, sizeof(body), WITH_HEADERS("%s"), rows[i]);
		id = create(body);
		check_member("headers", "{}");
		check_ask("PATCH", path_of(id, ""),
		    "{\"headers\":" TWO_HEADERS "}", 200);
		snprintf(body, sizeof(body), "{\"headers\":%s}", rows[i]);
		check_ask("PATCH", path_of(id, ""), body, 200);
		check_member("headers", "{}");
		free(id);
	}
	assert_int_equal(t_number(url,
			     "SELECT count(*) FROM subscriptions WHERE "
			     "headers IS NOT NULL"),
	    0);
}

/* loc names the header, input tells nothing. */
static void
check_header_fault(const char *name, const char *msg)
{
	char want[256];

	snprintf(want, sizeof(want),
	    "\"loc\":[\"body\",\"headers\",\"%s\"],\"msg\":\"", name);
	if (res.status != 422 || strstr(res.body.data, want) == NULL ||
	    strstr(res.body.data, msg) == NULL ||
	    strstr(res.body.data, "\"input\":\"***\"") == NULL)
		fail_msg(
		    "no %s %s in %d %s", want, msg, res.status, res.body.data);
	check_silent();
}

static void
headers__wrong__422_that_names_it_and_tells_no_value(void **state)
{
	static const char *const rows[][3] = {
		{ "", "s3cret", "token" },
		{ "a b", "s3cret", "token" },
		{ "a:", "s3cret", "token" },
		{ "X-\xc3\xa4", "s3cret", "token" },
		{ "Host", "s3cret", "the URL" },
		{ "HOST", "s3cret", "the URL" },
		{ "Content-Length", "1", "CloudEvent" },
		{ "content-type", "s3cret", "CloudEvent" },
		{ "Content-Encoding", "gzip", "CloudEvent" },
		{ "Transfer-Encoding", "chunked", "the connection" },
		{ "Connection", "close", "the connection" },
		{ "Keep-Alive", "1", "the connection" },
		{ "Proxy-Authorization", "s3cret", "the connection" },
		{ "Expect", "100-continue", "the connection" },
		{ "TE", "trailers", "the connection" },
		{ "Trailer", "s3cret", "the connection" },
		{ "Upgrade", "h2c", "the connection" },
		{ "HTTP2-Settings", "s3cret", "the connection" },
		{ "webhook-id", "s3cret", "each delivery" },
		{ "Webhook-Signature", "s3cret", "each delivery" },
		{ "webhook-anything", "s3cret", "each delivery" },
		{ "traceparent", "s3cret", "each delivery" },
		{ "tracestate", "s3cret", "each delivery" },
		{ "X-Request-Id", "s3cret", "each delivery" },
		{ "User-Agent", "s3cret", "each delivery" },
		{ "X-A", "", "not empty" },
		{ "X-A", " s3cret", "blanks" },
		{ "X-A", "s3cret ", "blanks" },
		{ "X-A", "s3cret\\r\\nX-B: 1", "printable" },
		{ "X-A", "s3cret\\n", "printable" },
		{ "X-A", "s3cret\\u0001", "printable" },
		{ "X-A", "s3cret\\u007f", "printable" },
		{ "X-A", "s3cret\xc3\xa4", "printable" },
		{ "X-A", "***", "mask" },
	};
	char body[512];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		snprintf(body, sizeof(body), WITH_HEADERS("{\"%s\":\"%s\"}"),
		    rows[i][0], rows[i][1]);
		check_ask("POST", "/subscriptions", body, 422);
		check_header_fault(rows[i][0], rows[i][2]);
	}
	check_ask("POST", "/subscriptions",
	    WITH_HEADERS("{\"x-a\":\"s3cret\",\"X-A\":\"s3cret\","
			 "\"X-B\":7,\"X-C\":null,\"Te\":\"\"}"),
	    422);
	check_header_fault("X-A", "twice");
	check_header_fault("X-B", "valid string");
	check_header_fault("X-C", "leave out");
	check_header_fault("Te", "the connection");
	/* What begins so, but is another name. */
	free(create(
	    WITH_HEADERS("{\"Tea\":\"1\",\"Hostess\":\"1\","
			 "\"X-Content-Type\":\"1\",\"X\":\"a\\tb c\"}")));
}

static void
check_size(int n, int name_len, int value_len, int status)
{
	struct buf body;
	int i;

	buf_init(&body, 1 << 20);
	buf_puts(&body,
	    "{\"topic\":\"event.*\",\"url\":\"" RECEIVER "\",\"headers\":{");
	for (i = 0; i < n; i++)
		buf_printf(&body, "%s\"%c%0*d\":\"%0*d\"", i ? "," : "",
		    'a' + i, name_len - 1, 0, value_len, 0);
	buf_puts(&body, "}}");
	check_ask("POST", "/subscriptions", body.data, status);
	buf_free(&body);
}

static void
headers__many_or_long__up_to_the_limits(void **state)
{
	(void)state;
	check_size(16, 100, 100, 201);
	check_size(17, 2, 1, 422);
	check_fault("headers", "too_long", "at most 16 items, not 17");
	check_size(1, 100, 4096, 201);
	check_size(1, 101, 1, 422);
	check_size(1, 2, 4097, 422);
	check_size(4, 96, 4000, 201);
	check_size(4, 97, 4000, 422);
	check_fault("headers", "too_long", "16384");
}

static void
headers__with_a_fault_elsewhere__not_echoed(void **state)
{
	(void)state;
	check_ask("POST", "/subscriptions",
	    "{\"headers\":" TWO_HEADERS ",\"url\":\"nats://u:s3cret@a/b\"}",
	    422);
	check_fault("topic", "missing", "Field required");
	check_silent();
	check_ask("POST", "/subscriptions",
	    "{\"topic\":\"event.*\",\"headers\":\"Authorization: s3cret\","
	    "\"url\":\"http://u:s3cret@a/b\"}",
	    422);
	check_fault("headers", "dict_type", "valid dictionary");
	check_fault("url", "url_parsing", "http://***@a/b");
	check_silent();
	check_ask("POST", "/subscriptions", NATS("u:s3/s3cret@", "b"), 422);
	check_fault("url", "url_parsing", "%2F");
	check_silent();
	check_ask("POST", "/subscriptions",
	    "{\"topic\":\"event.*\",\"url\":\"nats://u:s3cret@127.1/b\"}", 422);
	check_fault("url", "url_forbidden", "loopback");
	check_silent();
}

static void
headers__of_nats__refused(void **state)
{
	char *id;

	(void)state;
	check_ask("POST", "/subscriptions",
	    "{\"headers\":" TWO_HEADERS ",\"topic\":\"event.*\","
	    "\"url\":\"nats://n1.example/b\"}",
	    422);
	check_fault("headers", "value_error", "Only webhooks have headers");
	check_silent();
	id = create(NATS("", "b"));
	check_ask(
	    "PATCH", path_of(id, ""), "{\"headers\":" TWO_HEADERS "}", 422);
	check_fault("headers", "value_error", "Only webhooks have headers");
	check_silent();
	check_ask("PATCH", path_of(id, ""),
	    "{\"headers\":" TWO_HEADERS ",\"url\":\"https://a.example\"}", 200);
	check_ask("PATCH", path_of(id, ""),
	    "{\"headers\":null,\"url\":\"tls://a.example/b\"}", 200);
	check_kept("tls://a.example/b");
	free(id);
}

static void
headers__patched_back_as_shown__values_stay(void **state)
{
	char *id = create(WITH_HEADERS(TWO_HEADERS));

	(void)state;
	check_ask("PATCH", path_of(id, ""),
	    "{\"headers\":{\"Authorization\":\"***\",\"X-Api-Key\":\"***\"},"
	    "\"url\":\"" RECEIVER "\",\"description\":\"d\"}",
	    200);
	check_member("description", "\"d\"");
	check_kept(RECEIVER " {\"X-Api-Key\": \"s3cret-two\","
			    " \"Authorization\": \"Bearer s3cret-one\"}");
	/* The object replaces all; case does not matter. */
	check_ask("PATCH", path_of(id, ""),
	    "{\"headers\":{\"x-api-KEY\":\"***\",\"X-New\":\"s3cret-3\"}}",
	    200);
	check_kept(RECEIVER " {\"X-New\": \"s3cret-3\","
			    " \"x-api-KEY\": \"s3cret-two\"}");
	check_member("headers", "{\"x-api-KEY\":\"***\",\"X-New\":\"***\"}");
	free(id);
}

static void
headers__masked_and_not_kept__422_and_nothing_changes(void **state)
{
	char *id = create(WITH_HEADERS("{\"X-A\":\"s3cret\"}"));

	(void)state;
	check_ask("PATCH", path_of(id, ""),
	    "{\"headers\":{\"X-A\":\"***\",\"X-B\":\"***\",\"X-C\":\"***\"},"
	    "\"description\":\"d\"}",
	    422);
	check_header_fault("X-B", "none is kept");
	check_header_fault("X-C", "none is kept");
	assert_null(strstr(res.body.data, "X-A"));
	check_kept(RECEIVER " {\"X-A\": \"s3cret\"}");
	check_ask("GET", path_of(id, ""), NULL, 200);
	check_member("description", "null");
	free(id);
}

static void
headers__url_of_another_server__given_anew_or_422(void **state)
{
	static const char *const others[] = { "https://other.example/hook",
		"http://receiver.example/hook", "https://receiver.example:444/",
		"https://receiver.example.other/hook",
		"https://receiver.example:444?@receiver.example" };
	static const char *const same[] = { "https://receiver.example/b?c",
		"HTTPS://Receiver.EXAMPLE:443/d", "https://receiver.example" };
	char *id = create(WITH_HEADERS("{\"X-A\":\"s3cret\"}")), body[256],
	     want[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(others) / sizeof(*others); i++) {
		snprintf(body, sizeof(body), "{\"url\":\"%s\"}", others[i]);
		check_ask("PATCH", path_of(id, ""), body, 422);
		check_fault("headers", "value_error", "give them anew");
		snprintf(body, sizeof(body),
		    "{\"url\":\"%s\",\"headers\":{\"X-A\":\"***\"}}",
		    others[i]);
		check_ask("PATCH", path_of(id, ""), body, 422);
		check_header_fault("X-A", "another server");
	}
	check_kept(RECEIVER " {\"X-A\": \"s3cret\"}");
	for (i = 0; i < sizeof(same) / sizeof(*same); i++) {
		snprintf(body, sizeof(body), "{\"url\":\"%s\"}", same[i]);
		check_ask("PATCH", path_of(id, ""), body, 200);
		snprintf(
		    want, sizeof(want), "%s {\"X-A\": \"s3cret\"}", same[i]);
		check_kept(want);
	}
	check_ask("PATCH", path_of(id, ""), "{\"url\":\"nats://n1/b\"}", 422);
	check_fault("headers", "value_error", "give them anew");
	check_ask("PATCH", path_of(id, ""),
	    "{\"url\":\"https://b.example\",\"headers\":{\"X-B\":\"s3c\"}}",
	    200);
	check_kept("https://b.example {\"X-B\": \"s3c\"}");
	check_ask("PATCH", path_of(id, ""),
	    "{\"url\":\"https://c.example\",\"headers\":null}", 200);
	check_ask(
	    "PATCH", path_of(id, ""), "{\"url\":\"https://d.example\"}", 200);
	check_kept("https://d.example");
	free(id);
}

/* The row moves to another server while the request waits for it. */
static void *
move_row(void *arg)
{
	(void)arg;
	t_exec(url,
	    "BEGIN;"
	    "UPDATE subscriptions SET url = 'https://other.example/',"
	    " headers = '{\"X-A\": \"s3cret-of-other\"}';"
	    "SELECT pg_advisory_lock(4711);"
	    "COMMIT");
	return NULL;
}

static void *
patch_back(void *id)
{
	ask("PATCH", path_of(id, ""),
	    "{\"url\":\"" RECEIVER "\",\"headers\":{\"X-A\":\"***\"}}");
	return NULL;
}

static bool
so_many_wait(void *n)
{
	return t_number(url,
		   "SELECT count(*) FROM pg_stat_activity"
		   " WHERE datname = current_database()"
		   " AND wait_event_type = 'Lock'") == *(int *)n;
}

static void
headers__moved_meanwhile__never_sent_to_the_server_before(void **state)
{
	char *id = create(WITH_HEADERS("{\"X-A\":\"s3cret\"}"));
	PGconn *holder = PQconnectdb(url);
	pthread_t mover, patcher;
	int one = 1, two = 2;

	(void)state;
	PQclear(PQexec(holder, "SELECT pg_advisory_lock(4711)"));
	pthread_create(&mover, NULL, move_row, NULL);
	stack_wait(so_many_wait, &one, "the row is held");
	pthread_create(&patcher, NULL, patch_back, id);
	stack_wait(so_many_wait, &two, "the request waits for it");
	PQclear(PQexec(holder, "SELECT pg_advisory_unlock(4711)"));
	pthread_join(mover, NULL);
	pthread_join(patcher, NULL);
	PQfinish(holder);
	check_header_fault("X-A", "another server");
	check_kept("https://other.example/ {\"X-A\": \"s3cret-of-other\"}");
	free(id);
}

static void
credentials__in_a_nats_url__kept_apart_and_masked(void **state)
{
	static const struct {
		const char *url, *shown, *kept;
	} rows[] = {
		{ "nats://ann:s3cret@n1/a", "nats://ann:***@n1/a",
		    "nats://n1/a ann:s3cret" },
		{ "nats://s3cret-token@n1:1/a", "nats://***@n1:1/a",
		    "nats://n1:1/a s3cret-token" },
		{ "TLS://a%40b:s3cret%2f:x@[2606:4700::1]/a",
		    "TLS://a%40b:***@[2606:4700::1]/a",
		    "TLS://[2606:4700::1]/a a%40b:s3cret%2f:x" },
		{ "tls://n1/a", "tls://n1/a", "tls://n1/a" },
	};
	char body[256], want[128], *id;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		t_exec(url, "TRUNCATE subscriptions");
		snprintf(body, sizeof(body),
		    "{\"topic\":\"event.*\",\"url\":\"%s\"}", rows[i].url);
		id = create(body);
		snprintf(want, sizeof(want), "\"%s\"", rows[i].shown);
		check_member("url", want);
		check_silent();
		check_kept(rows[i].kept);
		check_ask("GET", path_of(id, ""), NULL, 200);
		check_member("url", want);
		check_silent();
		/* Shown, changed elsewhere and sent back: nothing is lost. */
		snprintf(body, sizeof(body), "{\"paused\":true,\"url\":\"%s\"}",
		    rows[i].shown);
		check_ask("PATCH", path_of(id, ""), body, 200);
		check_member("url", want);
		check_kept(rows[i].kept);
		free(id);
	}
}

static void
credentials__masked_for_another_server_or_user__422(void **state)
{
	static const char *const rows[] = { "nats://ann:***@n2.example/b",
		"nats://ann:***@n1.example:4223/b",
		"nats://bob:***@n1.example/b", "nats://***@n1.example/b",
		"tls://ann:***@n1.example/b" };
	char *id = create(NATS("ann:s3cret@", "b")), body[128];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		snprintf(body, sizeof(body), "{\"url\":\"%s\"}", rows[i]);
		check_ask("PATCH", path_of(id, ""), body, 422);
		check_fault("url", "value_error", "give it anew");
	}
	check_kept("nats://n1.example/b ann:s3cret");
	check_ask("PATCH", path_of(id, ""),
	    "{\"url\":\"nats://ann:***@N1.example:4222/c.d\"}", 200);
	check_kept("nats://N1.example:4222/c.d ann:s3cret");
	check_ask("PATCH", path_of(id, ""), "{\"paused\":true}", 200);
	check_kept("nats://N1.example:4222/c.d ann:s3cret");
	/* A URL without is one without. */
	check_ask(
	    "PATCH", path_of(id, ""), "{\"url\":\"nats://n1.example/b\"}", 200);
	check_kept("nats://n1.example/b");
	check_ask("PATCH", path_of(id, ""),
	    "{\"url\":\"nats://ann:***@n1.example/b\"}", 422);
	check_fault("url", "value_error", "none is kept");
	check_ask("POST", "/subscriptions", NATS("ann:***@", "b"), 422);
	check_fault("url", "url_parsing", "there is none yet");
	free(id);
}

/* --- GET --- */

static void
get__breaker__as_it_stands_at_the_moment(void **state)
{
	char *id = create(NEW);

	(void)state;
	t_exec(url,
	    "UPDATE subscriptions SET failures = 5, trips = 1,"
	    " open_until = (SELECT '2026-11-24 10:00:00.5+00'::timestamptz)");
	check_ask("GET", path_of(id, ""), NULL, 200);
	assert_non_null(strstr(res.body.data,
	    "\"failures\":5,\"open_until\":\"2026-11-24T10:00:00.500000Z\"}"));
	t_exec(url,
	    "UPDATE subscriptions SET open_until ="
	    " now() + (SELECT ahead FROM fake.clock) + interval '60 s'");
	check_ask("GET", path_of(id, ""), NULL, 200);
	assert_non_null(strstr(res.body.data, "\"state\":\"open\""));
	t_pass(url, "61 seconds");
	check_ask("GET", path_of(id, ""), NULL, 200);
	assert_non_null(strstr(res.body.data, "\"state\":\"half-open\""));
	check_member("status", "\"active\"");
	free(id);
}

static void
get__any_way_but_creation_and_rotation__no_secret(void **state)
{
	char *id = create(NEW);

	(void)state;
	check_ask("GET", path_of(id, ""), NULL, 200);
	assert_null(strstr(res.body.data, "whsec_"));
	check_ask("GET", "/subscriptions", NULL, 200);
	assert_null(strstr(res.body.data, "whsec_"));
	check_ask("PATCH", path_of(id, ""), "{\"paused\":true}", 200);
	assert_null(strstr(res.body.data, "whsec_"));
	free(id);
}

static void
list__pages__newest_first_without_the_deleted(void **state)
{
	char *ids[4], target[128];
	const char *next;
	size_t i;

	(void)state;
	check_ask("GET", "/subscriptions", NULL, 200);
	assert_string_equal(res.body.data, "[]");
	for (i = 0; i < 4; i++)
		ids[i] = create(NEW);
	check_ask("DELETE", path_of(ids[1], ""), NULL, 204);
	check_ask("GET", "/subscriptions?limit=2", NULL, 200);
	assert_non_null(strstr(res.body.data, ids[3]));
	assert_true(
	    strstr(res.body.data, ids[3]) < strstr(res.body.data, ids[2]));
	assert_null(strstr(res.body.data, ids[0]));
	next = strstr(res.headers.data, "/subscriptions?limit=2&cursor=");
	assert_non_null(next);
	snprintf(target, sizeof(target), "%.*s", (int)strcspn(next, ">"), next);
	check_ask("GET", target, NULL, 200);
	assert_memory_equal(res.body.data, "[{\"id\":\"", 8);
	assert_memory_equal(res.body.data + 8, ids[0], 36);
	assert_null(strstr(res.body.data, ids[1]));
	assert_null(strstr(res.body.data, ids[2]));
	assert_int_equal(res.headers.len, 0);
	check_ask("GET", "/subscriptions?limit=1&offset=1", NULL, 200);
	assert_memory_equal(res.body.data + 8, ids[2], 36);
	for (i = 0; i < 4; i++)
		free(ids[i]);
}

static void
list__bad_parameters__refused(void **state)
{
	(void)state;
	check_ask("GET", "/subscriptions?limit=101", NULL, 400);
	check_ask("GET", "/subscriptions?limit=0", NULL, 422);
	check_ask("GET", "/subscriptions?cursor=x", NULL, 422);
	check_ask("GET", "/subscriptions?a=%zz", NULL, 400);
}

/* --- PATCH --- */

static void
patch__some_members__the_others_as_they_were(void **state)
{
	char *id, *created;

	(void)state;
	id = create("{\"topic\":\"event.health\",\"url\":\"" RECEIVER "\","
		    "\"description\":\"d\",\"retry_schedule\":\"0,1\","
		    "\"ordering\":\"subject\",\"expires_after\":60}");
	created = text_of("created_at");
	t_pass(url, "1 minute");
	content_type = "application/merge-patch+json";
	ask("PATCH", path_of(id, ""),
	    "{\"topic\":\"event.*\",\"description\":null,"
	    "\"max_in_flight\":\"3\",\"retry_schedule\":[5]}");
	content_type = "application/json";
	assert_int_equal(res.status, 200);
	check_member("topic", "\"event.*\"");
	check_member("url", "\"" RECEIVER "\"");
	check_member("description", "null");
	check_member("retry_schedule", "\"5\"");
	check_member("ordering", "\"subject\"");
	check_member("max_in_flight", "3");
	check_member("expires_after", "60");
	check_member("paused", "false");
	assert_string_equal(json_string(value("created_at")), created);
	assert_string_not_equal(json_string(value("updated_at")), created);
	check_ask("PATCH", path_of(id, ""),
	    "{\"ordering\":null,\"retry_schedule\":null,"
	    "\"expires_after\":null,\"url\":\"https://b.example\"}",
	    200);
	check_member("url", "\"https://b.example\"");
	check_member("ordering", "null");
	check_member("retry_schedule", "null");
	check_member("expires_after", "null");
	free(created);
	free(id);
}

static void
patch__nothing__nothing_changes(void **state)
{
	char *id = create(NEW), *before, *after;

	(void)state;
	t_pass(url, "1 minute");
	before = t_sql(url, "SELECT s::text FROM subscriptions AS s");
	check_ask("PATCH", path_of(id, ""), "{}", 200);
	after = t_sql(url, "SELECT s::text FROM subscriptions AS s");
	assert_string_equal(before, after);
	free(before);
	free(after);
	free(id);
}

static void
patch__wrong_member__422_and_nothing_changes(void **state)
{
	char *id = create(NEW), *before, *after, body[256];
	size_t i;

	(void)state;
	before = t_sql(url, "SELECT s::text FROM subscriptions AS s");
	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		snprintf(body, sizeof(body), "{\"%s\":%s}", wrong[i].name,
		    wrong[i].value);
		check_ask("PATCH", path_of(id, ""), body, 422);
		check_fault(wrong[i].name, wrong[i].type, wrong[i].msg);
	}
	check_ask(
	    "PATCH", path_of(id, ""), "{\"url\":\"http://localhost/\"}", 422);
	check_fault("url", "url_forbidden", "loopback");
	check_ask("PATCH", path_of(id, ""), NULL, 422);
	check_fault(NULL, "missing", "Field required");
	after = t_sql(url, "SELECT s::text FROM subscriptions AS s");
	assert_string_equal(before, after);
	free(before);
	free(after);
	free(id);
}

static void
patch__paused_false__lifts_all_that_holds(void **state)
{
	char *id = create(NEW);

	(void)state;
	check_ask("PATCH", path_of(id, ""), "{\"paused\":true}", 200);
	check_member("status", "\"paused\"");
	t_exec(url,
	    "UPDATE subscriptions SET disabled_reason = 'gone', failures = 7,"
	    " trips = 2, open_until = now() + interval '1 year',"
	    " woken_at = '2000-01-01'");
	check_ask("PATCH", path_of(id, ""), "{\"description\":\"x\"}", 200);
	check_member("status", "\"disabled\"");
	check_member("disabled_reason", "\"gone\"");
	assert_non_null(strstr(res.body.data, "\"state\":\"open\""));
	check_ask("PATCH", path_of(id, ""), "{\"paused\":false}", 200);
	check_member("status", "\"active\"");
	check_member("paused", "false");
	check_member("disabled_reason", "null");
	check_member("breaker",
	    "{\"state\":\"closed\",\"failures\":0,\"open_until\":null}");
	assert_int_equal(t_number(url,
			     "SELECT count(*) FROM subscriptions WHERE "
			     "trips = 0 AND woken_at > '2001-01-01'"),
	    1);
	free(id);
}

/* --- DELETE --- */

static void
delete__headers_and_credentials__forgotten(void **state)
{
	char *id =
	    create("{\"topic\":\"event.x\",\"url\":\"http://a.example/\","
		   "\"headers\":{\"Authorization\":\"Bearer s3cret\"}}");

	(void)state;
	check_ask("DELETE", path_of(id, ""), NULL, 204);
	assert_int_equal(
	    t_number(url,
		"SELECT count(*) FROM subscriptions WHERE id = '%s' "
		"AND headers IS NULL AND credentials IS NULL",
		id),
	    1);
	free(id);
}

static void
delete__deliveries_in_all_states__the_waiting_expire(void **state)
{
	char *id = create(NEW), *other = create(NEW);

	(void)state;
	t_exec(url,
	    "INSERT INTO deliveries (message_id, subscription_id, status)"
	    " SELECT gen_random_uuid(), s.id, status FROM subscriptions AS s,"
	    " unnest(array['pending', 'retrying', 'delivering', 'delivered',"
	    " 'failed']) AS status");
	check_ask("DELETE", path_of(id, ""), NULL, 204);
	assert_int_equal(res.body.len, 0);
	assert_int_equal(
	    t_number(url,
		"SELECT count(*) FROM deliveries WHERE subscription_id = '%s' "
		"AND status = 'expired' AND settled_at IS NOT NULL AND "
		"last_error = 'the subscription was deleted'",
		id),
	    2);
	assert_int_equal(
	    t_number(url,
		"SELECT count(*) FROM deliveries WHERE subscription_id = '%s' "
		"AND status IN ('delivering', 'delivered', 'failed') AND "
		"settled_at IS NULL",
		id),
	    3);
	assert_int_equal(
	    t_number(url,
		"SELECT count(*) FROM deliveries WHERE subscription_id = '%s' "
		"AND status = 'expired'",
		other),
	    0);
	assert_int_equal(
	    t_number(url, "SELECT count(*) FROM subscriptions"), 2);
	check_ask("GET", path_of(other, ""), NULL, 200);
	free(other);
	free(id);
}

/* The rest is the worker's: deliveries_expire. */
static void
delete__huge_backlog__answered_in_time_all_the_same(void **state)
{
	char *id = create(NEW);

	(void)state;
	t_exec(url,
	    "INSERT INTO deliveries (message_id, subscription_id)"
	    " SELECT gen_random_uuid(), '%s' FROM generate_series(1, 10001)",
	    id);
	check_ask("DELETE", path_of(id, ""), NULL, 204);
	assert_int_equal(t_number(url,
			     "SELECT count(*) FROM deliveries "
			     "WHERE status = 'expired'"),
	    10000);
	free(id);
}

/* --- rotation --- */

static void
rotate__without_a_body__old_secret_for_a_day(void **state)
{
	char *id = create(NEW), *old = text_of("secret"), *kept;

	(void)state;
	content_type = NULL;
	ask("POST", path_of(id, "/secret/rotate"), NULL);
	content_type = "application/json";
	assert_int_equal(res.status, 200);
	assert_string_not_equal(json_string(value("secret")), old);
	assert_int_equal(
	    strlen(json_string(value("secret_rotates_until"))), 27);
	kept =
	    t_sql(url, "SELECT secret || ' ' || old_secret FROM subscriptions");
	assert_memory_equal(kept, json_string(value("secret")), SECRET_LEN);
	assert_string_equal(kept + SECRET_LEN + 1, old);
	t_pass(url, "86399 seconds");
	check_ask("GET", path_of(id, ""), NULL, 200);
	assert_int_equal(
	    strlen(json_string(value("secret_rotates_until"))), 27);
	t_pass(url, "2 seconds");
	check_ask("GET", path_of(id, ""), NULL, 200);
	check_member("secret_rotates_until", "null");
	free(kept);
	free(old);
	free(id);
}

static void
rotate__with_a_grace__that_long(void **state)
{
	char *id = create(NEW);

	(void)state;
	check_ask("POST", path_of(id, "/secret/rotate"),
	    "{\"grace_seconds\":604800}", 200);
	assert_int_equal(t_number(url,
			     "SELECT round(extract(epoch FROM old_secret_until "
			     "- updated_at))"
			     " FROM subscriptions"),
	    604800);
	check_ask("POST", path_of(id, "/secret/rotate"),
	    "{\"grace_seconds\":null}", 200);
	check_ask("POST", path_of(id, "/secret/rotate"),
	    "{\"grace_seconds\":0}", 200);
	check_member("secret_rotates_until", "null");
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
	char *id = create(NEW), *old = text_of("secret"), *kept;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		check_ask(
		    "POST", path_of(id, "/secret/rotate"), rows[i][0], 422);
		check_fault(rows[i][1], rows[i][2], "");
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
	char *id = create(NEW), *other = create(NEW), *got, want[256];

	(void)state;
	content_type = NULL;
	ask("POST", path_of(id, "/test"), NULL);
	content_type = "application/json";
	assert_int_equal(res.status, 202);
	got = t_sql(url,
	    "SELECT concat_ws(' ', m.id, topic, payload, source, request_id,"
	    " d.subscription_id, d.status, d.attempts, m.subject,"
	    " m.causation_id) FROM outbox_messages AS m"
	    " JOIN deliveries AS d ON d.message_id = m.id"
	    " WHERE d.next_attempt_at = m.occurred_at");
	snprintf(want, sizeof(want),
	    "%s subscription.test {\"test\":true,\"subscription_id\":\"%s\"} "
	    "/subscriptions/%s request-1 %s pending 0",
	    json_string(value("id")), id, id, id);
	assert_string_equal(got, want);
	assert_int_equal(t_number(url, "SELECT count(*) FROM deliveries"), 1);
	assert_int_equal(
	    t_number(url, "SELECT count(*) FROM outbox_messages"), 1);
	check_ask("POST", path_of(id, "/test"), NULL, 202);
	assert_int_equal(t_number(url, "SELECT count(*) FROM deliveries"), 2);
	free(got);
	free(other);
	free(id);
}

/* --- all of them --- */

static const struct {
	const char *method, *rest, *body;
} calls[] = {
	{ "GET", "", NULL },
	{ "HEAD", "", NULL },
	{ "PATCH", "", "{}" },
	{ "DELETE", "", NULL },
	{ "POST", "/secret/rotate", NULL },
	{ "POST", "/test", NULL },
};

static void
any__unknown_or_deleted__404(void **state)
{
	char *id = create(NEW);
	size_t i;

	(void)state;
	check_ask("DELETE", path_of(id, ""), NULL, 204);
	for (i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		check_ask(calls[i].method, path_of(id, calls[i].rest),
		    calls[i].body, 404);
		check_ask(calls[i].method, path_of(NOBODY, calls[i].rest),
		    calls[i].body, 404);
		check_member("detail", "\"No subscription has this id\"");
	}
	assert_int_equal(t_number(url, "SELECT count(*) FROM deliveries"), 0);
	assert_int_equal(
	    t_number(url, "SELECT count(*) FROM outbox_messages"), 0);
	free(id);
}

static void
any__no_id__422(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		check_ask(calls[i].method, path_of("x", calls[i].rest),
		    calls[i].body, 422);
		assert_non_null(strstr(res.body.data, "uuid_parsing"));
	}
}

static void
any__other_method__405_with_those_allowed(void **state)
{
	(void)state;
	check_ask("PUT", "/subscriptions", NULL, 405);
	assert_string_equal(
	    res.headers.data, "Allow: POST, GET, HEAD, OPTIONS\r\n");
	check_ask("PUT", path_of(NOBODY, ""), NULL, 405);
	assert_string_equal(
	    res.headers.data, "Allow: GET, HEAD, PATCH, DELETE, OPTIONS\r\n");
	check_ask("GET", path_of(NOBODY, "/test"), NULL, 405);
	assert_string_equal(res.headers.data, "Allow: POST, OPTIONS\r\n");
	check_ask("GET", path_of(NOBODY, "/secret"), NULL, 404);
	check_ask("GET", path_of(NOBODY, "/"), NULL, 404);
}

static void
any__database_away__503(void **state)
{
	struct db *good = context.db;
	size_t i;

	(void)state;
	context.db = db_new("postgresql:///x?host=/nonexistent", "test", 1000);
	assert_non_null(context.db);
	check_ask("POST", "/subscriptions", NEW, 503);
	check_ask("GET", "/subscriptions", NULL, 503);
	for (i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		check_ask(calls[i].method, path_of(NOBODY, calls[i].rest),
		    calls[i].body, 503);
	db_free(context.db);
	context.db = good;
}

/* A commit that was cut off is run once more with the same values. */
static void
any__run_twice__done_once(void **state)
{
	static const char id[] = NOBODY, message[] = NOBODY,
			  secret[] = "whsec_old", fresh[] = "whsec_new";
	static const struct {
		enum query query;
		const char *values[4];
	} rows[] = {
		{ Q_subscription_create, { id, NEW, secret } },
		{ Q_subscription_rotate, { id, fresh, "60" } },
		{ Q_subscription_update, { id, "{\"paused\":false}" } },
		{ Q_subscription_test, { id, message, NULL, NULL } },
	};
	struct pg_result *r;
	char *got;
	size_t i;
	int k;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (k = 0; k < 2; k++) {
			assert_int_equal(db_run(context.db, rows[i].query,
					     rows[i].values, &r),
			    STATUS_OK);
			assert_int_equal(pg_rows(r), 1);
			pg_free(r);
		}
	got = t_sql(url,
	    "SELECT concat_ws(' ', secret, old_secret, (SELECT count(*) FROM"
	    " deliveries), (SELECT count(*) FROM outbox_messages))"
	    " FROM subscriptions");
	assert_string_equal(got, "whsec_new whsec_old 1 1");
	free(got);
}

#define TEST(name) cmocka_unit_test_setup(name, start)

static const struct CMUnitTest tests[] = {
	TEST(post__least_of_all__201_with_defaults_and_secret),
	TEST(post__every_member__kept),
	TEST(post__topic_that_nothing_derives_to__warned_of),
	TEST(post__topic_that_is_derived_to__no_warning),
	TEST(patch__topic_changes__warned_of_as_it_is_then),
	TEST(post__schedule_as_an_array__kept_as_text),
	TEST(post__nulls_where_allowed__as_if_absent),
	TEST(post__wrong_member__422_that_names_it),
	TEST(post__several_wrong__all_listed),
	TEST(post__nothing_but_unknown_members__bounded_answer),
	TEST(post__description_of_any_alphabet__counted_in_characters),
	TEST(post__no_such_body__refused_before_it_is_looked_at),
	TEST(post__address_never_or_not_yet_allowed__422_with_the_reason),
	TEST(headers__given__kept_and_shown_masked_everywhere),
	TEST(headers__none_in_any_spelling__none_kept),
	TEST(headers__wrong__422_that_names_it_and_tells_no_value),
	TEST(headers__many_or_long__up_to_the_limits),
	TEST(headers__with_a_fault_elsewhere__not_echoed),
	TEST(headers__of_nats__refused),
	TEST(headers__patched_back_as_shown__values_stay),
	TEST(headers__masked_and_not_kept__422_and_nothing_changes),
	TEST(headers__url_of_another_server__given_anew_or_422),
	TEST(headers__moved_meanwhile__never_sent_to_the_server_before),
	TEST(credentials__in_a_nats_url__kept_apart_and_masked),
	TEST(credentials__masked_for_another_server_or_user__422),
	TEST(get__breaker__as_it_stands_at_the_moment),
	TEST(get__any_way_but_creation_and_rotation__no_secret),
	TEST(list__pages__newest_first_without_the_deleted),
	TEST(list__bad_parameters__refused),
	TEST(patch__some_members__the_others_as_they_were),
	TEST(patch__nothing__nothing_changes),
	TEST(patch__wrong_member__422_and_nothing_changes),
	TEST(patch__paused_false__lifts_all_that_holds),
	TEST(delete__headers_and_credentials__forgotten),
	TEST(delete__deliveries_in_all_states__the_waiting_expire),
	TEST(delete__huge_backlog__answered_in_time_all_the_same),
	TEST(rotate__without_a_body__old_secret_for_a_day),
	TEST(rotate__with_a_grace__that_long),
	TEST(rotate__wrong_body__422_and_the_secret_stays),
	TEST(test__among_others__one_message_to_this_one_alone),
	TEST(any__unknown_or_deleted__404),
	TEST(any__no_id__422),
	TEST(any__other_method__405_with_those_allowed),
	TEST(any__database_away__503),
	TEST(any__run_twice__done_once),
};

T_MAIN_WITH(tests, setup, teardown)
