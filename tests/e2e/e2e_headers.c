/*
 * A header that a client repeats gets the same answer behind every nginx:
 * before 1.23 the pool sees each line, since then one line that joins them.
 */
#include "t.h"

#include <string.h>

#include "http.h"
#include "stack.h"

#define KEY "Idempotency-Key: "
#define TYPE "Content-Type: "
#define JSON TYPE "application/json\r\n"
#define TRACE                                                                  \
	"traceparent: "                                                        \
	"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

struct row {
	const char *headers;
	int status;
	const char *text;
};

static struct stack s;

static void
expect(const char *method, const char *target, const struct row *row)
{
	const char *body = *method == 'P' ? "{\"n\":1}" : NULL;

	http_expect(
	    s.port, method, target, row->headers, body, row->status, row->text);
}

static void
expect_all(const char *method, const char *target, const struct row *rows)
{
	for (; rows->headers != NULL; rows++)
		expect(method, target, rows);
}

static void
idempotency_key__repeated_or_a_list__refused(void **state)
{
	static const struct row rows[] = {
		{ KEY "a\r\n" KEY "b\r\n", 400, "one line" },
		{ KEY "a\r\n" KEY "a\r\n", 400, "one line" },
		{ KEY "a\r\n" KEY "b\r\n" KEY "c\r\n", 400, "one line" },
		{ KEY "\r\n" KEY "a\r\n", 400, "one line" },
		{ KEY "a\r\n" KEY "\r\n", 400, "one line" },
		{ KEY "\"a\"\r\n" KEY "\"b\"\r\n", 400, "one line" },
		{ KEY "\"a\"\r\n" KEY "b\r\n", 400, "one line" },
		{ KEY "a, b\r\n", 400, "double quotes" },
		{ KEY "\"a\", \"b\"\r\n", 400, "one line" },
		{ KEY "\"a\" ,\"b\"\r\n", 400, "one line" },
		{ KEY "\"a\\\"\", \"b\"\r\n", 400, "one line" },
		{ 0 },
	};

	(void)state;
	expect_all("POST", "/ingest/keyed", rows);
	assert_int_equal(t_number(s.url, "SELECT count(*) FROM events"), 0);
}

static void
idempotency_key__comma_within__one_key(void **state)
{
	static const struct row rows[] = {
		{ KEY "\"a, b\"\r\n", 200, "stored" },
		{ KEY "\"a, b\"\r\n", 200, "Idempotent-Replayed: true" },
		{ KEY "\"a\\\", \\\"b\"\r\n", 200, "stored" },
		{ KEY "a,b\r\n", 200, "stored" },
		{ 0 },
	};
	static const struct row replay = { "", 200, "Replayed: true" };

	(void)state;
	expect_all("POST", "/ingest/keyed", rows);
	expect("POST", "/ingest/keyed?dedupe_key=a,%20b", &replay);
	assert_int_equal(t_number(s.url, "SELECT count(*) FROM events"), 3);
}

static void
content_type__repeated__refused(void **state)
{
	static const struct row rows[] = {
		{ JSON JSON, 415, "one Content-Type" },
		{ JSON TYPE "text/plain\r\n", 415, "one Content-Type" },
		{ TYPE "text/plain\r\n" JSON, 415, "one Content-Type" },
		{ TYPE "application/json; charset=utf-8\r\n" JSON, 415,
		    "one Content-Type" },
		{ TYPE "application/json; profile=\"a, b\"\r\n", 200,
		    "stored" },
		{ 0 },
	};

	(void)state;
	expect_all("POST", "/ingest/typed", rows);
	expect_all("POST", "/subscriptions",
	    (const struct row[]){
		{ JSON JSON, 415, "one Content-Type" }, { 0 } });
}

#define SOME_ID "01a20d01-f51c-71e7-b74d-9b3c5883d055"

static const struct {
	const char *method, *target;
} with_bodies[] = {
	{ "POST", "/ingest/typed" },
	{ "POST", "/ingest/health" },
	{ "POST", "/subscriptions" },
	{ "PATCH", "/subscriptions/" SOME_ID },
	{ "POST", "/subscriptions/" SOME_ID "/secret/rotate" },
};

/* Expects that each route refuses the headers, and nothing is stored. */
static void
expect_refused_everywhere(const struct row *rows)
{
	static const char stored[] =
	    "SELECT (SELECT count(*) FROM events) + (SELECT count(*) FROM "
	    "rejected_events) + (SELECT count(*) FROM subscriptions)";
	long long before = t_number(s.url, stored);
	size_t i;

	for (i = 0; i < sizeof(with_bodies) / sizeof(*with_bodies); i++)
		expect_all(with_bodies[i].method, with_bodies[i].target, rows);
	assert_int_equal(t_number(s.url, stored), before);
}

static void
content_type__cloudevent__only_where_it_is_taken(void **state)
{
	static const struct row everywhere[] = {
		{ TYPE "application/cloudevents-batch+json\r\n", 415,
		    "Content-Type must be application/json" },
		{ TYPE "application/cloudevents\r\n", 415,
		    "Content-Type must be application/json" },
		{ TYPE "application/cloudevents+avro\r\n", 415,
		    "Content-Type must be application/json" },
		{ 0 },
	};
	static const struct row subscriptions[] = {
		{ TYPE "Application/CloudEvents+JSON\r\n", 415,
		    "Content-Type must be application/json" },
		{ 0 },
	};
	static const struct row ingest[] = {
		{ TYPE "Application/CloudEvents+JSON; charset=UTF-8\r\n", 422,
		    "specversion" },
		{ TYPE "application/vnd.city+json\r\n", 200, "stored" },
		{ TYPE "application/cloudeventsish+json\r\n", 200, "stored" },
		{ TYPE "application/ld+json; profile=\"a;charset=b\"\r\n", 200,
		    "stored" },
		{ 0 },
	};

	(void)state;
	expect_refused_everywhere(everywhere);
	expect_all("POST", "/subscriptions", subscriptions);
	expect_all("POST", "/ingest/typed", ingest);
}

/* In binary mode the body is the data, which rules see. */
static void
cloudevent__in_binary_mode__its_data_is_stored(void **state)
{
	static const char data[] = "{\"energy\":900}";
	struct http h = http_send(s.port, "POST", "/ingest/energy",
	    JSON "ce-specversion: 1.0\r\nce-id: 1\r\nce-source: /meter\r\n"
		 "ce-type: reading\r\n",
	    data);

	(void)state;
	assert_int_equal(h.status, 200);
	assert_null(strstr(h.body, "\"derived_events\":[]"));
	http_free(&h);
}

static void
content_type__charset_other_than_utf8__refused(void **state)
{
#define CHARSET TYPE "application/json; charset="
	static const struct row rows[] = {
		{ CHARSET "latin1\r\n", 415, "charset=latin1" },
		{ CHARSET "ISO-8859-1\r\n", 415, "must be UTF-8" },
		{ CHARSET "\"iso-8859-1\"\r\n", 415, "must be UTF-8" },
		{ CHARSET "utf-16\r\n", 415, "must be UTF-8" },
		{ CHARSET "UTF-16LE\r\n", 415, "must be UTF-8" },
		{ CHARSET "utf-32\r\n", 415, "must be UTF-8" },
		{ CHARSET "windows-1252\r\n", 415, "must be UTF-8" },
		{ CHARSET "utf-8; charset=latin1\r\n", 415, "must be UTF-8" },
		{ TYPE "application/json;profile=\"a;b\" ;\tCharSet = latin1 "
		       ";v=1\r\n",
		    415, "charset=latin1" },
		{ TYPE "application/vnd.city+json;charset=latin1\r\n", 415,
		    "must be UTF-8" },
		{ CHARSET "\"utf-8\xff\\\"\r\n", 415, "must be UTF-8" },
		{ 0 },
	};
	static const struct row fit[] = {
		{ CHARSET "utf-8\r\n", 200, "stored" },
		{ CHARSET "UTF8\r\n", 200, "stored" },
		{ CHARSET "\"Utf-8\"\r\n", 200, "stored" },
		{ CHARSET "'utf-8'\r\n", 200, "stored" },
		{ CHARSET "us-ascii\r\n", 200, "stored" },
		{ CHARSET "\r\n", 200, "stored" },
		{ CHARSET "utf-8;\r\n", 200, "stored" },
		{ CHARSET "utf-8 ; charset=utf-8\r\n", 200, "stored" },
		{ TYPE "application/json;\r\n", 200, "stored" },
		{ TYPE "application/json; charset\r\n", 200, "stored" },
		{ TYPE "application/json; charsets=latin1\r\n", 200, "stored" },
		{ TYPE "application/json; x=\"; charset=latin1\"\r\n", 200,
		    "stored" },
		{ 0 },
	};

	(void)state;
	expect_refused_everywhere(rows);
	expect_all("POST", "/ingest/typed", fit);
}

static void
content_encoding__any_but_gzip_and_deflate__refused(void **state)
{
#define CODING JSON "Content-Encoding: "
	static const char told[] = "\r\nAccept-Encoding: gzip, deflate\r\n";
	static const char broken[] = "cannot be decompressed";
	static const struct row rows[] = {
		{ CODING "br\r\n", 415, "Content-Encoding is br" },
		{ CODING "br\r\n", 415, told },
		{ CODING "zstd\r\n", 415, told },
		{ CODING "compress\r\n", 415, told },
		{ CODING "utf-8\r\n", 415, told },
		{ CODING "gzip, gzip\r\n", 415, told },
		{ CODING "gzip,deflate\r\n", 415, told },
		{ CODING "gzip\r\nContent-Encoding: gzip\r\n", 415, told },
		{ CODING "gzip;q=1\r\n", 415, told },
		{ CODING "gzi\r\n", 415, told },
		{ CODING "identity;q=1\r\n", 415, told },
		{ CODING "\xff\r\n", 415, told },
		/* The body is not compressed. */
		{ CODING "gzip\r\n", 400, broken },
		{ CODING "GZIP\r\n", 400, broken },
		{ CODING "x-gzip\r\n", 400, broken },
		{ CODING "Deflate\r\n", 400, broken },
		{ CODING "identity, gzip\r\n", 400, broken },
		{ CODING "gzip,identity\r\n", 400, broken },
		{ CODING "identity\r\nContent-Encoding: gzip\r\n", 400,
		    broken },
		{ CODING "gzip\r\nContent-Encoding: identity\r\n", 400,
		    broken },
		{ 0 },
	};
	static const struct row fit[] = {
		{ CODING "identity\r\n", 200, "stored" },
		{ CODING "Identity , identity\r\n", 200, "stored" },
		{ CODING "\r\n", 200, "stored" },
		{ CODING ",\r\n", 200, "stored" },
		{ 0 },
	};

	(void)state;
	expect_refused_everywhere(rows);
	expect_all("POST", "/ingest/typed", fit);
}

static void
accept__repeated__each_line_counts(void **state)
{
	static const struct row rows[] = {
		{ "Accept: text/html\r\nAccept: application/problem+json\r\n",
		    404, "\"status\":404" },
		{ "Accept: application/problem+json\r\nAccept: text/html\r\n",
		    404, "\"status\":404" },
		{ "Accept: text/html\r\nAccept: text/plain\r\n", 404,
		    "{\"detail\":" },
		{ 0 },
	};

	(void)state;
	expect_all("GET", "/nowhere", rows);
}

static void
report_emergency(int patient, const char *headers)
{
	char body[64];
	struct http h;

	snprintf(body, sizeof(body),
	    "{\"alert\":\"emergency\",\"patient_id\":%d}", patient);
	h = http_send(s.port, "POST", "/ingest/health", headers, body);
	assert_int_equal(h.status, 200);
	http_free(&h);
}

static void
traceparent__repeated__not_taken(void **state)
{
	static const char messages[] =
	    "SELECT count(*) FROM outbox_messages WHERE traceparent LIKE "
	    "'00-0af7651916cd43dd8448eb211c80319c-%%'";

	(void)state;
	report_emergency(1, TRACE "\r\n");
	assert_int_equal(t_number(s.url, messages), 2);
	report_emergency(2, TRACE "\r\n" TRACE "\r\n");
	assert_int_equal(t_number(s.url, messages), 2);
}

/* nginx itself refuses these requests; the pool does not see them. */
static void
framing__repeated__400(void **state)
{
	static const char *const requests[] = {
		"GET /health HTTP/1.1\r\nHost: a\r\nHost: a\r\n",
		"GET /health HTTP/1.1\r\nHost: a\r\nHost: b\r\n",
		"POST /ingest/x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n"
		"Content-Length: 2\r\n",
		"POST /ingest/x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n"
		"Transfer-Encoding: chunked\r\n",
		"POST /ingest/x HTTP/1.1\r\nHost: a\r\n"
		"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
		"GET /events HTTP/1.1\r\nHost: a\r\nAuthorization: Basic "
		"eA==\r\n"
		"Authorization: Basic eQ==\r\n",
		"GET /openapi.json HTTP/1.1\r\nHost: a\r\nIf-None-Match: "
		"\"a\"\r\n"
		"If-None-Match: \"b\"\r\n",
	};
	char request[512];
	struct http h;
	size_t i;
	int n;

	(void)state;
	for (i = 0; i < sizeof(requests) / sizeof(*requests); i++) {
		n = snprintf(request, sizeof(request),
		    "%sConnection: close\r\n\r\n{}", requests[i]);
		h = http_raw(s.port, request, (size_t)n);
		if (h.status != 400)
			fail_msg("%s: %s", request, h.raw);
		http_free(&h);
	}
}

/* This client's address is not trusted to name its requests. */
static void
request_id__repeated__nginx_s_own(void **state)
{
	struct http h = http_send(s.port, "GET", "/health",
	    "X-Request-Id: one\r\nX-Request-Id: two\r\n", NULL);
	char *id = http_header(&h, "X-Request-Id");

	(void)state;
	assert_int_equal(h.status, 200);
	assert_non_null(id);
	assert_int_equal(strspn(id, "0123456789abcdef"), 32);
	free(id);
	http_free(&h);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(idempotency_key__repeated_or_a_list__refused),
	cmocka_unit_test(idempotency_key__comma_within__one_key),
	cmocka_unit_test(content_type__repeated__refused),
	cmocka_unit_test(content_type__cloudevent__only_where_it_is_taken),
	cmocka_unit_test(cloudevent__in_binary_mode__its_data_is_stored),
	cmocka_unit_test(content_type__charset_other_than_utf8__refused),
	cmocka_unit_test(content_encoding__any_but_gzip_and_deflate__refused),
	cmocka_unit_test(accept__repeated__each_line_counts),
	cmocka_unit_test(traceparent__repeated__not_taken),
	cmocka_unit_test(framing__repeated__400),
	cmocka_unit_test(request_id__repeated__nginx_s_own),
};

STACK_MAIN(tests, s, "SMARTCITY_PROCESSES=2")
