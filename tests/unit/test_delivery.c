/* A message as a CloudEvent; verdicts; sinks by scheme. */
#include "t.h"

#include <string.h>

#include "cloudevent.h"
#include "sink.h"
#include "verdict.h"

/* sink.c asks for attempt_done() of nobody, but its sinks do. */
void
attempt_done(struct attempt *a)
{
	(void)a;
}

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
	    "{\"specversion\":\"1.0\",\"id\":\"i\",\"source\":\"/ingest\","
	    "\"type\":\"t\",\"datacontenttype\":\"application/json\","
	    "\"data\":{}}");
}

static void
verdict__each_outcome__says_what_it_means(void **state)
{
	static const struct {
		const char *error;
		int http_status;
		const char *verdict;
	} rows[] = {
		{ NULL, 204, "good" },
		{ NULL, 0, "good" },
		{ ERROR_DNS, 0, "bad" },
		{ ERROR_FORBIDDEN, 0, "bad" },
		{ ERROR_CONNECT, 0, "bad" },
		{ ERROR_TLS, 0, "bad" },
		{ ERROR_TIMEOUT, 0, "bad" },
		{ ERROR_TIMEOUT, 200, "bad" },
		{ ERROR_PROTOCOL, 0, "bad" },
		{ ERROR_NATS, 0, "bad" },
		{ ERROR_HTTP, 500, "bad" },
		{ ERROR_HTTP, 503, "bad" },
		{ ERROR_HTTP, 429, "bad" },
		{ ERROR_HTTP, 404, "bad" },
		{ ERROR_HTTP, 302, "bad" },
		{ ERROR_HTTP, 410, "gone" },
		{ ERROR_HTTP, 400, "good" },
		{ ERROR_HTTP, 422, "good" },
		{ ERROR_INTERNAL, 0, NULL },
	};
	struct attempt a = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		a.error = rows[i].error;
		a.http_status = rows[i].http_status;
		if (rows[i].verdict == NULL)
			assert_null(verdict(&a));
		else
			assert_string_equal(verdict(&a), rows[i].verdict);
	}
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
	cmocka_unit_test(sink__each_scheme__its_sink),
	cmocka_unit_test(sink__unknown_scheme__null),
};

T_MAIN(tests)
