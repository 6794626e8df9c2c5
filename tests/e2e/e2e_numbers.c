/*
 * Very long and very small numbers, and a byte order mark before a body: from
 * the request to what is stored and derived.
 */
#include "t.h"

#include <string.h>

#include "http.h"
#include "stack.h"

static struct stack s;

#define EIGHT(n) n n n n n n n n
#define DIGITS_128 EIGHT(EIGHT("89"))

/* Expects the exact id everywhere: normalised, in keys, in derived events. */
static void
check_patient(const char *sent, const char *exact)
{
	static const char sql[] =
	    "SELECT concat_ws(' ', e.normalized_payload->>'patient_id', "
	    "d.deduplication_key, d.payload->>'patient_id', "
	    "m.payload::json->>'patient_id') FROM events AS e, events AS d, "
	    "outbox_messages AS m WHERE e.payload->>'patient_id' = '%s' AND "
	    "d.source_event_id = e.id AND d.service = 'security' AND "
	    "m.id = d.id";
	char body[600], want[1200], *got;
	const char *text = sent + (*sent == '"');
	struct http h;

	snprintf(body, sizeof(body),
	    "{\"patient_id\":%s,\"alert\":\"emergency\"}", sent);
	h = http_post(s.port, "/ingest/health", body);
	if (h.status != 200)
		fail_msg("%s got %.300s", sent, h.raw);
	http_free(&h);
	snprintf(body, sizeof(body), "%.*s", (int)strcspn(text, "\""), text);
	got = t_sql(s.url, sql, body);
	snprintf(want, sizeof(want), "%s health_emergency_%s %s %s", exact,
	    exact, exact, exact);
	assert_string_equal(got, want);
	free(got);
}

static void
integers__of_any_length__exact_in_rules_and_keys(void **state)
{
	static const char *const rows[][2] = {
		{ "18446744073709551615", "18446744073709551615" },
		{ "18446744073709551616", "18446744073709551616" },
		{ "-9223372036854775809", "-9223372036854775809" },
		{ "\"18446744073709551617\"", "18446744073709551617" },
		{ "\"+0_018446744073709551618.00\"", "18446744073709551618" },
		{ "9007199254740993.0", "9007199254740993" },
		{ DIGITS_128, DIGITS_128 },
		{ "-" DIGITS_128, "-" DIGITS_128 },
		{ NULL, NULL },
	};
	size_t i;

	(void)state;
	for (i = 0; rows[i][1] != NULL; i++)
		check_patient(rows[i][0], rows[i][1]);
	/* Each patient has incidents of its own. */
	assert_int_equal(
	    t_number(s.url, "SELECT count(*) FROM incidents"), 2 * i);
}

static void
check_same_answer(const char *number, int status)
{
	const char *quote[] = { "", "\"" };
	struct http h;
	char body[400];
	size_t i;

	for (i = 0; i < 2; i++) {
		snprintf(body, sizeof(body), "{\"energy\":%s%s%s}", quote[i],
		    number, quote[i]);
		h = http_post(s.port, "/ingest/energy", body);
		if (h.status != status)
			fail_msg("%s: wanted %d, got %s", body, status, h.raw);
		http_free(&h);
	}
}

/* A cast of the stored numbers must not fail for any reader. */
static void
numbers__bare_or_as_text__one_rule(void **state)
{
	static const struct {
		const char *number;
		int status;
	} rows[] = {
		{ "1e-308", 200 },
		{ "5e-324", 200 },
		{ "4.9e-324", 200 },
		{ "2.2250738585072011e-308", 200 },
		{ "1.7976931348623157e308", 200 },
		{ "0e-300", 200 },
		{ "-0", 200 },
		{ "123456789012345678901234567890", 200 },
		{ "-" DIGITS_128, 200 },
		{ "1" DIGITS_128, 422 },
		{ "0." DIGITS_128, 422 },
		{ "2.47e-324", 422 },
		{ "1e-400", 422 },
		{ "-1e-400", 422 },
		{ "0e-400", 422 },
		{ "0e16383", 422 },
		{ "1e309", 422 },
		{ "1.7976931348623159e308", 422 },
		{ "0x10", 422 },
		{ "1e", 422 },
		{ "Infinity", 422 },
		{ "-Infinity", 422 },
		{ "NaN", 422 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		check_same_answer(rows[i].number, rows[i].status);
	assert_int_equal(t_number(s.url,
			     "SELECT count((x->>'energy')::float8) + "
			     "count((x->>'energy')::numeric) + "
			     "count(x::jsonb) FROM events, LATERAL (VALUES "
			     "(payload), (normalized_payload)) AS v (x) "
			     "WHERE service = 'energy'"),
	    9 * 2 * 2 * 3);
}

static void
integers__of_more_than_128_digits__told_so(void **state)
{
	static const char *const rows[] = { "1" DIGITS_128, "-1" DIGITS_128,
		"\"1" DIGITS_128 "\"" };
	char body[300];
	struct http h;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		snprintf(body, sizeof(body),
		    "{\"patient_id\":%s,\"alert\":\"emergency\"}", rows[i]);
		h = http_post(s.port, "/ingest/health", body);
		if (h.status != 422 || strstr(h.body, "128") == NULL)
			fail_msg("%s got %s", rows[i], h.raw);
		http_free(&h);
	}
}

static void
byte_order_mark__before_a_body__skipped(void **state)
{
	static const char body[] = "\xef\xbb\xbf{\"id\":\"marked\"}";
	struct http h = http_post(s.port, "/ingest/marked", body);

	(void)state;
	assert_int_equal(h.status, 200);
	http_free(&h);
	assert_int_equal(
	    t_number(s.url,
		"SELECT count(*) FROM events WHERE "
		"service = 'marked' AND payload::text = "
		"'{\"id\":\"marked\"}' AND normalized_payload::text "
		"= '{\"id\":\"marked\"}'"),
	    1);
	h = http_post(s.port, "/subscriptions",
	    "\xef\xbb\xbf{\"topic\":\"event.marked\","
	    "\"url\":\"http://127.0.0.1:9/\"}");
	assert_int_equal(h.status, 201);
	http_free(&h);
	/*
	 * The offset in the error counts the bytes of the body as it was sent.
	 */
	h = http_post(s.port, "/ingest/marked", "\xef\xbb\xbf{\"a\":tru}");
	assert_int_equal(h.status, 422);
	assert_non_null(strstr(h.body, "unexpected character at byte 11"));
	http_free(&h);
}

static void
utf16__told_that_utf8_is_expected(void **state)
{
	static const char head[] =
	    "POST /ingest/wide HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
	    "Content-Length: 6\r\n\r\n";
	static const char *const bodies[] = { "\xff\xfe{\0}\0",
		"\xfe\xff\0{\0}", "{\0 \0}\0", "\0{\0 \0}" };
	char request[200];
	struct http h;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
		memcpy(request, head, sizeof(head) - 1);
		memcpy(request + sizeof(head) - 1, bodies[i], 6);
		h = http_raw(s.port, request, sizeof(head) - 1 + 6);
		assert_int_equal(h.status, 422);
		assert_non_null(strstr(h.body, "UTF-16"));
		http_free(&h);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(integers__of_any_length__exact_in_rules_and_keys),
	cmocka_unit_test(integers__of_more_than_128_digits__told_so),
	cmocka_unit_test(numbers__bare_or_as_text__one_rule),
	cmocka_unit_test(byte_order_mark__before_a_body__skipped),
	cmocka_unit_test(utf16__told_that_utf8_is_expected),
};

STACK_MAIN(tests, s, "SMARTCITY_PROCESSES=2")
