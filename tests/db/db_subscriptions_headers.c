/*
 * Headers for a receiver: they can be written, but not read.
 */
#include "t.h"

#include <string.h>

#include "subscriptions_api.h"

static void
headers__given__kept_and_shown_masked_everywhere(void **state)
{
	static const char shown[] =
	    "\"headers\":{\"Authorization\":\"***\",\"X-Api-Key\":\"***\"}";
	char *id = api_create(WITH_HEADERS(TWO_HEADERS));
	const char *const paths[] = { "", "/secret/rotate" };
	size_t i;

	(void)state;
	assert_non_null(strstr(api_res.body.data, shown));
	api_expect_silence();
	for (i = 0; i < 2; i++) {
		api_expect(
		    i ? "POST" : "GET", api_path(id, paths[i]), NULL, 200);
		assert_non_null(strstr(api_res.body.data, shown));
		api_expect_silence();
	}
	api_expect("PATCH", api_path(id, ""), "{\"paused\":true}", 200);
	assert_non_null(strstr(api_res.body.data, shown));
	api_expect_silence();
	api_expect("GET", "/subscriptions", NULL, 200);
	assert_non_null(strstr(api_res.body.data, shown));
	api_expect_silence();
	api_expect_kept(RECEIVER " {\"X-Api-Key\": \"s3cret-two\","
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
		id = api_create(body);
		api_expect_member("headers", "{}");
		api_expect("PATCH", api_path(id, ""),
		    "{\"headers\":" TWO_HEADERS "}", 200);
		snprintf(body, sizeof(body), "{\"headers\":%s}", rows[i]);
		api_expect("PATCH", api_path(id, ""), body, 200);
		api_expect_member("headers", "{}");
		free(id);
	}
	assert_int_equal(t_number(url,
			     "SELECT count(*) FROM subscriptions WHERE "
			     "headers IS NOT NULL"),
	    0);
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
		api_expect("POST", "/subscriptions", body, 422);
		api_expect_header_fault(rows[i][0], rows[i][2]);
	}
	api_expect("POST", "/subscriptions",
	    WITH_HEADERS("{\"x-a\":\"s3cret\",\"X-A\":\"s3cret\","
			 "\"X-B\":7,\"X-C\":null,\"Te\":\"\"}"),
	    422);
	api_expect_header_fault("X-A", "twice");
	api_expect_header_fault("X-B", "valid string");
	api_expect_header_fault("X-C", "leave out");
	api_expect_header_fault("Te", "the connection");
	/* Names that are only similar to a forbidden one. */
	free(api_create(
	    WITH_HEADERS("{\"Tea\":\"1\",\"Hostess\":\"1\","
			 "\"X-Content-Type\":\"1\",\"X\":\"a\\tb c\"}")));
}

static void
check_size(int n, int name_len, int value_len, int status)
{
	struct buf body;
	int i;

	buf_init(&body, 1 << 20);
	buf_puts(
	    &body, J("{'topic':'event.*','url':'" RECEIVER "','headers':{"));
	for (i = 0; i < n; i++)
		buf_printf(&body, "%s\"%c%0*d\":\"%0*d\"", i ? "," : "",
		    'a' + i, name_len - 1, 0, value_len, 0);
	buf_puts(&body, "}}");
	api_expect("POST", "/subscriptions", body.data, status);
	buf_free(&body);
}

static void
headers__many_or_long__up_to_the_limits(void **state)
{
	(void)state;
	check_size(16, 100, 100, 201);
	check_size(17, 2, 1, 422);
	api_expect_fault("headers", "too_long", "at most 16 items, not 17");
	check_size(1, 100, 4096, 201);
	check_size(1, 101, 1, 422);
	check_size(1, 2, 4097, 422);
	check_size(4, 96, 4000, 201);
	check_size(4, 97, 4000, 422);
	api_expect_fault("headers", "too_long", "16384");
}

static void
headers__with_a_fault_elsewhere__not_echoed(void **state)
{
	(void)state;
	api_expect("POST", "/subscriptions",
	    J("{'headers':" TWO_HEADERS ",'url':'nats://u:s3cret@a/b'}"), 422);
	api_expect_fault("topic", "missing", "Field required");
	api_expect_silence();
	api_expect("POST", "/subscriptions",
	    J("{'topic':'event.*','headers':'Authorization: s3cret',"
	      "'url':'http://u:s3cret@a/b'}"),
	    422);
	api_expect_fault("headers", "dict_type", "valid dictionary");
	api_expect_fault("url", "url_parsing", "http://***@a/b");
	api_expect_silence();
	api_expect("POST", "/subscriptions", NATS("u:s3/s3cret@", "b"), 422);
	api_expect_fault("url", "url_parsing", "%2F");
	api_expect_silence();
	api_expect("POST", "/subscriptions",
	    J("{'topic':'event.*','url':'nats://u:s3cret@127.1/b'}"), 422);
	api_expect_fault("url", "url_forbidden", "loopback");
	api_expect_silence();
}

static void
headers__of_nats__refused(void **state)
{
	char *id;

	(void)state;
	api_expect("POST", "/subscriptions",
	    J("{'headers':" TWO_HEADERS ",'topic':'event.*',"
	      "'url':'nats://n1.example/b'}"),
	    422);
	api_expect_fault(
	    "headers", "value_error", "Only webhooks have headers");
	api_expect_silence();
	id = api_create(NATS("", "b"));
	api_expect(
	    "PATCH", api_path(id, ""), "{\"headers\":" TWO_HEADERS "}", 422);
	api_expect_fault(
	    "headers", "value_error", "Only webhooks have headers");
	api_expect_silence();
	api_expect("PATCH", api_path(id, ""),
	    J("{'headers':" TWO_HEADERS ",'url':'https://a.example'}"), 200);
	api_expect("PATCH", api_path(id, ""),
	    J("{'headers':null,'url':'tls://a.example/b'}"), 200);
	api_expect_kept("tls://a.example/b");
	free(id);
}

static const struct CMUnitTest tests[] = {
	TEST(headers__given__kept_and_shown_masked_everywhere),
	TEST(headers__none_in_any_spelling__none_kept),
	TEST(headers__wrong__422_that_names_it_and_tells_no_value),
	TEST(headers__many_or_long__up_to_the_limits),
	TEST(headers__with_a_fault_elsewhere__not_echoed),
	TEST(headers__of_nats__refused),
};

T_MAIN_WITH(tests, api_open, api_close)
