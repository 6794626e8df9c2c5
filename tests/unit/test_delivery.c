/* A message as a CloudEvent; verdicts; sinks by scheme. */
#include "t.h"

#include "cloudevent.h"
#include "outcome.h"
#include "sink.h"

static const struct message message = {
	.id = "01a205e9-0000-7000-8000-000000000001",
	.topic = "event.transport",
	.data = "{\"patient_id\":12345,\"level\":1.50}",
	.source = "/ingest/health",
	.subject = "health_emergency_\"12345\"",
	.causation_id = "01a205e9-0000-7000-8000-000000000002",
	.time = "2026-11-24T10:00:00.123456Z",
};

static void
expect_event(const struct message *m, const char *text)
{
	struct buf out;

	buf_init(&out, 4096);
	cloudevent_write(&out, m);
	assert_false(out.failed);
	assert_string_equal(out.data, text);
	buf_free(&out);
}

static void
cloudevent__whole_message__data_byte_for_byte(void **state)
{
	(void)state;
	expect_event(&message,
	    "{\"specversion\":\"1.0\","
	    "\"id\":\"01a205e9-0000-7000-8000-000000000001\","
	    "\"source\":\"/ingest/health\",\"type\":\"event.transport\","
	    "\"time\":\"2026-11-24T10:00:00.123456Z\","
	    "\"subject\":\"health_emergency_\\\"12345\\\"\","
	    "\"causationid\":\"01a205e9-0000-7000-8000-000000000002\","
	    "\"datacontenttype\":\"application/json\","
	    "\"data\":{\"patient_id\":12345,\"level\":1.50}}");
}

static void
cloudevent__absent_parts__left_out(void **state)
{
	struct message m = { .id = "i", .topic = "t", .data = "{}" };

	(void)state;
	expect_event(&m,
	    J("{'specversion':'1.0','id':'i','source':'/ingest',"
	      "'type':'t','datacontenttype':'application/json',"
	      "'data':{}}"));
}

static void
verdict__each_outcome__says_what_it_means(void **state)
{
	static const struct {
		enum error_class error;
		int http_status;
		enum verdict verdict;
	} rows[] = {
		{ ERROR_NONE, 204, VERDICT_GOOD },
		{ ERROR_NONE, 0, VERDICT_GOOD },
		{ ERROR_DNS, 0, VERDICT_BAD },
		{ ERROR_FORBIDDEN, 0, VERDICT_BAD },
		{ ERROR_CONNECT, 0, VERDICT_BAD },
		{ ERROR_TLS, 0, VERDICT_BAD },
		{ ERROR_TIMEOUT, 0, VERDICT_BAD },
		{ ERROR_TIMEOUT, 200, VERDICT_BAD },
		{ ERROR_PROTOCOL, 0, VERDICT_BAD },
		{ ERROR_NATS, 0, VERDICT_BAD },
		{ ERROR_HTTP, 500, VERDICT_BAD },
		{ ERROR_HTTP, 503, VERDICT_BAD },
		{ ERROR_HTTP, 429, VERDICT_BAD },
		{ ERROR_HTTP, 404, VERDICT_BAD },
		{ ERROR_HTTP, 302, VERDICT_BAD },
		{ ERROR_HTTP, 410, VERDICT_GONE },
		{ ERROR_HTTP, 400, VERDICT_GOOD },
		{ ERROR_HTTP, 422, VERDICT_GOOD },
		{ ERROR_INTERNAL, 0, VERDICT_NONE },
	};
	struct attempt a = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		a.error = rows[i].error;
		a.http_status = rows[i].http_status;
		assert_int_equal(verdict_of(&a), rows[i].verdict);
	}
}

/* The words that SQL, the history and the metrics have for the enums. */
static void
words__each_of_the_enums__as_others_know_it(void **state)
{
	static const char *const errors[ERROR_CLASSES] = { NULL, "dns",
		"forbidden", "connect", "tls", "timeout", "protocol", "http",
		"nats", "internal" };
	static const char *const verdicts[VERDICTS] = { NULL, "good", "bad",
		"gone" };
	static const char *const endings[ENDINGS] = { "delivered", "retrying",
		"failed", "released" };
	int i;

	(void)state;
	assert_null(error_class_name(ERROR_NONE));
	for (i = 1; i < ERROR_CLASSES; i++)
		assert_string_equal(
		    error_class_name((enum error_class)i), errors[i]);
	assert_null(verdict_name(VERDICT_NONE));
	for (i = 1; i < VERDICTS; i++)
		assert_string_equal(verdict_name((enum verdict)i), verdicts[i]);
	for (i = 0; i < ENDINGS; i++)
		assert_string_equal(ending_name((enum ending)i), endings[i]);
}

static void
sink__each_scheme__its_sink(void **state)
{
	(void)state;
	assert_ptr_equal(sink_find("http://x/"), &sink_webhook);
	assert_ptr_equal(sink_find("https://x/"), &sink_webhook);
	assert_ptr_equal(sink_find("nats://x/y"), &sink_nats);
	assert_ptr_equal(sink_find("HTTPS://x/"), &sink_webhook);
}

static void
sink__unknown_scheme__null(void **state)
{
	(void)state;
	assert_null(sink_find(""));
	assert_null(sink_find("http"));
	assert_null(sink_find("://x"));
	assert_null(sink_find("httpss://x"));
	assert_null(sink_find("ftp://x"));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(cloudevent__whole_message__data_byte_for_byte),
	cmocka_unit_test(cloudevent__absent_parts__left_out),
	cmocka_unit_test(verdict__each_outcome__says_what_it_means),
	cmocka_unit_test(words__each_of_the_enums__as_others_know_it),
	cmocka_unit_test(sink__each_scheme__its_sink),
	cmocka_unit_test(sink__unknown_scheme__null),
};

T_MAIN(tests)
