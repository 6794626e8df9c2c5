/*
 * Whatever is sent to the stack, an error is always the sender's, never a 5xx.
 */
#include "t.h"

#include <string.h>

#include "http.h"
#include "stack.h"

static struct stack s;

/* Expects a 4xx, or a connection that ends without an answer. */
static void
check_refused(struct http h, const char *what)
{
	if (h.status >= 500 || (h.status >= 200 && h.status < 300))
		fail_msg("%s got %.300s", what, h.raw);
	if (h.status >= 400 && strstr(h.body, "\"detail\"") == NULL)
		fail_msg("%s got no detail: %.300s", what, h.raw);
	http_free(&h);
}

static void
check_raw(const char *bytes, size_t n)
{
	check_refused(http_raw(s.port, bytes, n), bytes);
}

static void
bodies__malformed__422(void **state)
{
	static const char *const rows[] = { "{", "}", "[", "{]", "[}",
		"{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{,}", "{a:1}", "{'a':1}",
		"{\"a\":01}", "{\"a\":+1}", "{\"a\":.5}", "{\"a\":1.}",
		"{\"a\":1e}", "{\"a\":0x1}", "{\"a\":NaN}", "{\"a\":Infinity}",
		"{\"a\":-}", "{\"a\":--1}", "{\"a\":1 2}", "{\"a\":tru}",
		"{\"a\":True}", "{\"a\":nulll}", "{\"a\":\"}", "{\"a\":\"\\\"}",
		"{\"a\":\"\\x41\"}", "{\"a\":\"\\u12\"}", "{\"a\":\"\\u12g4\"}",
		"{\"a\":\"\\ud800\"}", "{\"a\":\"\\udc00\\ud800\"}",
		"{\"a\":\"\\u0000\"}", "{\"a\\u0000\":1}", "{\"a\":\"\t\"}",
		"{\"a\":\"\n\"}", "{\"a\":1}x", "{\"a\":1}{}", "{\"a\":1}]",
		"\xef\xbb\xbf", "\xef\xbb\xbf\xef\xbb\xbf{}", "{}\xef\xbb\xbf",
		"\xff\xfe{}", "{\"a\":\"\xff\"}", "{\"a\":\"\xc0\x80\"}",
		"{\"a\":\"\xed\xa0\x80\"}", "{\"a\":\"\xf4\x90\x80\x80\"}",
		"{\"a\":\"\xe2\x82\"}", "{\"a\":1,\"a\":2}",
		"{\"a\":1,\"\\u0061\":2}", "{\"a\":1e400}", "{\"a\":1e-400}",
		"{\"a\":1e131071}", "{/**/}", "//\n{}", "{\"a\":1;}", "()", "1",
		"\"x\"", "null", "true", "[]", "[{}]", " ", "\n", "a=b",
		"<xml/>", "{\"a\":\v1}", "{\"a\":\302\2401}", "\x01" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct http h = http_post(s.port, "/ingest/health", rows[i]);

		if (h.status != 422)
			fail_msg("%s got %.300s", rows[i], h.raw);
		check_refused(h, rows[i]);
	}
}

static void
bodies__mutated__never_ours(void **state)
{
	static const char good[] =
	    "{\"patient_id\":42,\"alert\":\"x\",\"location\":\"\xc3\xa9\\n\"}";
	char body[sizeof(good)];
	unsigned seed = 20261123;
	int i, k;

	(void)state;
	for (i = 0; i < 300; i++) {
		struct http h;

		memcpy(body, good, sizeof(good));
		for (k = 0; k < 1 + i % 3; k++) {
			char c = (char)(1 + rand_r(&seed) % 255);

			body[(size_t)rand_r(&seed) % (sizeof(good) - 1)] = c;
		}
		h = http_post(s.port, "/ingest/health", body);
		if (h.status != 200 && h.status != 422)
			fail_msg("%s got %.300s", body, h.raw);
		http_free(&h);
	}
}

static void
bodies__nested__64_levels_and_no_more(void **state)
{
	char body[512];
	int depth, i;

	(void)state;
	for (depth = 63; depth <= 64; depth++) {
		struct http h;
		char *p = body + sprintf(body, "{\"a\":");

		for (i = 0; i < depth; i++)
			*p++ = '[';
		for (i = 0; i < depth; i++)
			*p++ = ']';
		strcpy(p, "}");
		h = http_post(s.port, "/ingest/deep", body);
		assert_int_equal(h.status, depth == 63 ? 200 : 422);
		http_free(&h);
	}
}

static void
requests__malformed__refused(void **state)
{
#define H "Host: x\r\nConnection: close\r\n"
	static const char *const rows[] = {
		"\r\n\r\n",
		"GET\r\n\r\n",
		"x",
		"GET /health\r\n\r\n\r\n",
		"GET /health HTTP/9.9\r\n" H "\r\n",
		"get /health HTTP/1.1\r\n" H "\r\n",
		"GET /%zz HTTP/1.1\r\n" H "\r\n",
		"GET /%00 HTTP/1.1\r\n" H "\r\n",
		"GET /health%00 HTTP/1.1\r\n" H "\r\n",
		"GET health HTTP/1.1\r\n" H "\r\n",
		"GET /he alth HTTP/1.1\r\n" H "\r\n",
		"GET /events\x01 HTTP/1.1\r\n" H "\r\n",
		"GET /events?limit=\xff HTTP/1.1\r\n" H "\r\n",
		"GET /events?limit=%ff HTTP/1.1\r\n" H "\r\n",
		"GET /events?service=%00 HTTP/1.1\r\n" H "\r\n",
		"GET /events?service=%c3%28 HTTP/1.1\r\n" H "\r\n",
		"GET /../../etc/passwd HTTP/1.1\r\n" H "\r\n",
		"GET /..%2f..%2fetc/passwd HTTP/1.1\r\n" H "\r\n",
		"GET //events HTTP/1.1\r\n" H "\r\n",
		"GET /./events HTTP/1.1\r\n" H "\r\n",
		"GET /events%2fx HTTP/1.1\r\n" H "\r\n",
		"GET /events%0d%0aX:y HTTP/1.1\r\n" H "\r\n",
		"GET /events/%20 HTTP/1.1\r\n" H "\r\n",
		"GET /events/\xe9 HTTP/1.1\r\n" H "\r\n",
		"TRACE / HTTP/1.1\r\n" H "\r\n",
		"CONNECT x:1 HTTP/1.1\r\n" H "\r\n",
		"BREW /events HTTP/1.1\r\n" H "\r\n",
		"PUT /events HTTP/1.1\r\n" H "Content-Length: 2\r\n\r\n{}",
		"POST /events HTTP/1.1\r\n" H "Content-Length: 2\r\n\r\n{}",
		"DELETE /ingest/health HTTP/1.1\r\n" H "\r\n",
		"PATCH /health HTTP/1.1\r\n" H "\r\n",
		"POST /ingest/health HTTP/1.1\r\n" H "\r\n",
		"POST /ingest/health HTTP/1.1\r\n" H
		"Content-Length: x\r\n\r\n",
		"POST /ingest/health HTTP/1.1\r\n" H
		"Content-Length: -1\r\n\r\n",
		"POST /ingest/health HTTP/1.1\r\n" H
		"Content-Length: 99999999999999999999\r\n\r\n",
		"POST /ingest/health HTTP/1.1\r\n" H
		"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
		"POST /ingest/health HTTP/1.1\r\n" H "Content-Length: 2\r\n"
		"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"POST /ingest/health HTTP/1.1\r\n" H
		"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
		"POST /ingest/health HTTP/1.1\r\n" H
		"Transfer-Encoding: gzip\r\n\r\n{}",
		"POST /ingest/UPPER HTTP/1.1\r\n" H
		"Content-Length: 2\r\n\r\n{}",
		"POST /ingest/-x HTTP/1.1\r\n" H "Content-Length: 2\r\n\r\n{}",
		"POST /ingest/a.b HTTP/1.1\r\n" H "Content-Length: 2\r\n\r\n{}",
		"POST /ingest/a%0a HTTP/1.1\r\n" H
		"Content-Length: 2\r\n\r\n{}",
		"POST /ingest/a%20b HTTP/1.1\r\n" H
		"Content-Length: 2\r\n\r\n{}",
		"POST /ingest/\xc3\xa9 HTTP/1.1\r\n" H
		"Content-Length: 2\r\n\r\n{}",
		"POST /ingest/ HTTP/1.1\r\n" H "Content-Length: 2\r\n\r\n{}",
		"POST /ingest/x/y HTTP/1.1\r\n" H "Content-Length: 2\r\n\r\n{}",
		"POST /ingest/x?dedupe_key=%ff HTTP/1.1\r\n" H
		"Content-Length: 2\r\n\r\n{}",
		"POST /ingest/x?dedupe_key=%00 HTTP/1.1\r\n" H
		"Content-Length: 2\r\n\r\n{}",
		"POST /ingest/x?dedupe_key=%1f HTTP/1.1\r\n" H
		"Content-Length: 2\r\n\r\n{}",
		"POST /ingest/x HTTP/1.1\r\n" H "Idempotency-Key: \xff\r\n"
		"Content-Length: 2\r\n\r\n{}",
		"POST /ingest/x HTTP/1.1\r\n" H "Idempotency-Key: \"\"\r\n"
		"Content-Length: 2\r\n\r\n{}",
		"POST /ingest/x HTTP/1.1\r\n" H "Content-Type: \xff\r\n"
		"Content-Length: 2\r\n\r\n{}",
		"POST /ingest/x HTTP/1.1\r\n" H "Content-Type: text/html\r\n"
		"Content-Length: 2\r\n\r\n{}",
		("POST /ingest/x HTTP/1.1\r\nHost: \r\nHost: y\r\n"
		 "Content-Length: 2\r\nConnection: close\r\n\r\n{}"),
		"GET /events HTTP/1.1\r\nHost: a b\r\n\r\n",
		"GET /events HTTP/1.1\r\nConnection: close\r\n\r\n",
	};
#undef H
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		check_raw(rows[i], strlen(rows[i]));
}

static void
requests__with_nul_bytes__refused(void **state)
{
	static const char header[] = "GET /health HTTP/1.1\r\nHost: x\r\n"
				     "X: a\0b\r\nConnection: close\r\n\r\n";
	static const char body[] =
	    "POST /ingest/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
	    "Content-Length: 10\r\n\r\n{\"a\":1}\0{}";

	(void)state;
	check_raw(header, sizeof(header) - 1);
	check_raw(body, sizeof(body) - 1);
}

static void
requests__too_long__413_or_414_or_431(void **state)
{
	size_t n = 70000;
	char *text = malloc(n + 200), *p;

	(void)state;
	assert_non_null(text);
	p = text + sprintf(text, "GET /events?x=");
	memset(p, 'a', n);
	strcpy(p + n, " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
	check_raw(text, strlen(text));
	p = text + sprintf(text, "GET /events HTTP/1.1\r\nHost: x\r\nX: ");
	memset(p, 'a', n);
	strcpy(p + n, "\r\nConnection: close\r\n\r\n");
	check_raw(text, strlen(text));
	p = text +
	    sprintf(text,
		"POST /ingest/x HTTP/1.1\r\nHost: x\r\n"
		"Content-Length: 1048577\r\n\r\n");
	check_raw(text, strlen(text));
	free(text);
}

/* Spellings of a number that a double, or jsonb, would change. */
static void
random_number(char *out, unsigned *seed)
{
	static const char *const rows[] = { "-0", "0.0", "1e2", "1E+2",
		"9007199254740993", "9223372036854775807",
		"18446744073709551615", "0.30000000000000004",
		"1.7976931348623157e308", "5e-324", "2.2250738585072011e-308",
		"-0.001e-315", "1.0", "100", "123456789012345678901234567890" };
	unsigned kind = (unsigned)rand_r(seed) % 5;

	if (kind == 0)
		strcpy(out,
		    rows[(size_t)rand_r(seed) %
			(sizeof(rows) / sizeof(*rows))]);
	else if (kind == 1)
		sprintf(out, "%d%09d%09d", 1 + rand_r(seed) % 999,
		    rand_r(seed) % 1000000000, rand_r(seed) % 1000000000);
	else if (kind == 2)
		sprintf(out, "-%d.%09d%d", rand_r(seed) % 1000,
		    rand_r(seed) % 1000000000, rand_r(seed));
	else if (kind == 3)
		sprintf(out, "%d.%de%d", rand_r(seed) % 10, rand_r(seed),
		    rand_r(seed) % 500 - 250);
	else
		sprintf(out, "0.%d", rand_r(seed));
}

static void
numbers__10000_random_ones__come_back_as_sent(void **state)
{
	unsigned seed = 4711;
	int batch, i;

	(void)state;
	for (batch = 0; batch < 50; batch++) {
		char body[16384], want[16500], target[64];
		char *p = body + sprintf(body, "{\"n\":[");
		struct http h;

		for (i = 0; i < 200; i++, p += strlen(p)) {
			if (i > 0)
				*p++ = ',';
			random_number(p, &seed);
		}
		strcpy(p, "]}");
		h = http_post(s.port, "/ingest/numbers", body);
		assert_int_equal(h.status, 200);
		snprintf(target, sizeof(target), "/events/%.36s",
		    strstr(h.body, "\"stored_event_id\":\"") + 19);
		http_free(&h);
		h = http_get(s.port, target);
		snprintf(want, sizeof(want),
		    "\"payload\":%s,\"normalized_payload\":", body);
		assert_non_null(strstr(h.body, want));
		http_free(&h);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(bodies__malformed__422),
	cmocka_unit_test(bodies__mutated__never_ours),
	cmocka_unit_test(bodies__nested__64_levels_and_no_more),
	cmocka_unit_test(requests__malformed__refused),
	cmocka_unit_test(requests__with_nul_bytes__refused),
	cmocka_unit_test(requests__too_long__413_or_414_or_431),
	cmocka_unit_test(numbers__10000_random_ones__come_back_as_sent),
};

STACK_MAIN(tests, s, "SMARTCITY_PROCESSES=4")
