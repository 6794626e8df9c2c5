/*
 * The API's contract in terms of HTTP: methods, headers, types, keys, problems.
 */
#include "t.h"

#include <string.h>

#include "contract.h"
#include "http.h"

static void
problem__asked_for__rfc9457(void **state)
{
	static const char accept[] = "Accept: application/problem+json\r\n";

	(void)state;
	contract_expect("POST", "/ingest/health", accept, "{\"patient_id\":[]}",
	    422, J("'errors':[{'type':'int_type'"));
	contract_expect("GET", "/nowhere", accept, NULL, 404, "\"status\":404");
}

static void
idempotency_key__header__replayed_or_refused(void **state)
{
	static const char bare[] = "Idempotency-Key: k-1\r\n";
	static const char quoted[] = "Idempotency-Key: \"k-1\"\r\n";
	char *replayed;
	struct http h;

	(void)state;
	contract_expect(
	    "POST", "/ingest/keyed", bare, "{\"a\":1}", 200, "stored");
	h = http_send(contract_stack.port, "POST", "/ingest/keyed", quoted,
	    "{ \"a\" : 1 }");
	assert_int_equal(h.status, 200);
	replayed = http_header(&h, "Idempotent-Replayed");
	assert_non_null(replayed);
	assert_string_equal(replayed, "true");
	free(replayed);
	http_free(&h);
	contract_expect(
	    "POST", "/ingest/keyed", bare, "{\"a\":2}", 422, "another body");
	contract_expect("POST", "/ingest/keyed?dedupe_key=k-1", "", "{\"a\":2}",
	    200, "stored");
	contract_expect(
	    "POST", "/ingest/keyed?dedupe_key=k-2", bare, "{}", 400, "one key");
	contract_expect(
	    "POST", "/ingest/keyed?dedupe_key=a%0ab", "", "{}", 422, "key");
	assert_int_equal(contract_length_of("/events?service=keyed"), 1);
}

static void
idempotency_key__too_long__refused(void **state)
{
	char target[400] = "/ingest/keyed?dedupe_key=";
	size_t n = strlen(target);

	(void)state;
	memset(target + n, 'k', 256);
	contract_expect("POST", target, "", "{}", 422, "255");
	target[n + 255] = '\0';
	contract_expect("POST", target, "", "{}", 200, "stored");
}

static void
routes__wrong_method_or_path__405_or_404(void **state)
{
	struct http h;
	char *allow;

	(void)state;
	h = http_get(contract_stack.port, "/ingest/health");
	assert_int_equal(h.status, 405);
	allow = http_header(&h, "Allow");
	assert_non_null(allow);
	assert_string_equal(allow, "POST, OPTIONS");
	free(allow);
	http_free(&h);
	h = http_send(contract_stack.port, "DELETE", "/events", "", NULL);
	assert_int_equal(h.status, 405);
	allow = http_header(&h, "Allow");
	assert_non_null(allow);
	assert_string_equal(allow, "GET, HEAD, OPTIONS");
	free(allow);
	http_free(&h);
	contract_expect("OPTIONS", "/events", "", NULL, 204, "");
	contract_get("/nowhere", 404, "\"detail\"");
	contract_get("/events/a/b", 404, "\"detail\"");
	contract_expect("POST", "/ingest", "", "{}", 404, "\"detail\"");
	contract_expect(
	    "POST", "/ingest/..%2fhealth", "", "{}", 404, "\"detail\"");
	contract_expect(
	    "POST", "/ingest/%2e%2e/health", "", "{}", 404, "\"detail\"");
	/* nginx's "location = /events" does not match this path. */
	contract_expect("GET", "/events/", "", NULL, 404, "\"detail\"");
	contract_expect("POST", "/ingest/energy/", "", "{}", 404, "\"detail\"");
}

static void
head__where_get_works__same_headers_no_body(void **state)
{
	static const char *const targets[] = { "/health", "/events?limit=1",
		"/rejected?limit=1", "/ready" };
	struct http h;
	char *length;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(targets) / sizeof(*targets); i++) {
		h = http_send(
		    contract_stack.port, "HEAD", targets[i], "", NULL);
		assert_int_equal(h.status, 200);
		assert_int_equal(h.body_len, 0);
		length = http_header(&h, "Content-Length");
		assert_non_null(length);
		assert_int_not_equal(atoi(length), 0);
		free(length);
		http_free(&h);
	}
}

static void
ingest__content_types__json_or_415(void **state)
{
	(void)state;
	contract_expect("POST", "/ingest/typed",
	    "Content-Type: application/json; "
	    "charset=utf-8\r\n",
	    "{}", 200, "stored");
	contract_expect("POST", "/ingest/typed",
	    "Content-Type: application/"
	    "vnd.city+json\r\n",
	    "{}", 200, "stored");
	contract_expect("POST", "/ingest/typed", "", "{}", 200, "stored");
	contract_expect("POST", "/ingest/typed", "Content-Type: text/plain\r\n",
	    "{}", 415, "application/json");
	contract_expect("POST", "/ingest/typed",
	    "Content-Type: application/x-www-form-urlencoded\r\n", "{}", 415,
	    "application/json");
}

static void
responses__headers__json_not_stored_with_request_id(void **state)
{
	struct http h = http_get(contract_stack.port, "/outbox?limit=1");
	static const char *const want[][2] = {
		{ "Content-Type", "application/json" },
		{ "Cache-Control", "no-store" },
		{ "X-Content-Type-Options", "nosniff" },
	};
	char *value;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		value = http_header(&h, want[i][0]);
		assert_non_null(value);
		assert_string_equal(value, want[i][1]);
		free(value);
	}
	value = http_header(&h, "X-Request-Id");
	assert_non_null(value);
	assert_int_equal(strlen(value), 32);
	free(value);
	http_free(&h);
}

/* Asks again for what was answered under this ETag. */
static void
expect_again(
    const char *method, const char *target, const char *tags, int status)
{
	char header[256];
	struct http h;
	char *value;

	snprintf(header, sizeof(header), "If-None-Match: %s\r\n", tags);
	h = http_send(contract_stack.port, method, target, header, NULL);
	assert_int_equal(h.status, status);
	assert_non_null(value = http_header(&h, "ETag"));
	free(value);
	assert_non_null(value = http_header(&h, "Cache-Control"));
	assert_string_equal(value, "private, no-cache");
	free(value);
	value = http_header(&h, "Content-Length");
	assert_int_equal(status == 304, value == NULL);
	free(value);
	if (status == 304)
		assert_int_equal(h.body_len, 0);
	http_free(&h);
}

static void
etag__asked_again__304_until_an_event_comes(void **state)
{
	char id[40], target[128], *tag, tags[256];
	struct http h;

	(void)state;
	contract_ingest("/ingest/weather", "{}", id);
	contract_ingest("/ingest/weather", "{}", id);
	h = http_get(contract_stack.port, "/events?limit=2");
	assert_non_null(tag = http_header(&h, "ETag"));
	http_free(&h);
	expect_again("GET", "/events?limit=2", tag, 304);
	expect_again("HEAD", "/events?limit=2", tag, 304);
	expect_again("GET", "/events?limit=1", tag, 200);
	snprintf(tags, sizeof(tags), "\"other\", W/%s", tag);
	expect_again("GET", "/events?limit=2", tags, 304);
	expect_again("GET", "/events?limit=2", "*", 304);
	http_expect(contract_stack.port, "POST", "/ingest/weather",
	    "Content-Type: application/json\r\n", "{}", 200, "stored");
	expect_again("GET", "/events?limit=2", tag, 200);
	snprintf(target, sizeof(target), "/events/%s", id);
	expect_again("GET", target, tag, 200);
	expect_again("GET", target, "*", 304);
	http_expect(contract_stack.port, "GET",
	    "/events/01a10000-0000-7000-8000-000000000000",
	    "If-None-Match: *\r\n", NULL, 404, "No event");
	free(tag);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(problem__asked_for__rfc9457),
	cmocka_unit_test(idempotency_key__header__replayed_or_refused),
	cmocka_unit_test(idempotency_key__too_long__refused),
	cmocka_unit_test(routes__wrong_method_or_path__405_or_404),
	cmocka_unit_test(head__where_get_works__same_headers_no_body),
	cmocka_unit_test(ingest__content_types__json_or_415),
	cmocka_unit_test(responses__headers__json_not_stored_with_request_id),
	cmocka_unit_test(etag__asked_again__304_until_an_event_comes),
};

T_MAIN_WITH(tests, contract_open, contract_close)
