/* The contract as a client sees it: routes, answers, errors, lists. */
#include "t.h"

#include <string.h>

#include "fixtures.h"
#include "http.h"
#include "request.h"
#include "stack.h"

static struct stack s;

static int
setup(void **state)
{
	static const char *const settings[] = { "SMARTCITY_PROCESSES=4",
		"OUTBOX_POLL_SECONDS=0.1", NULL };

	(void)state;
	stack_start(&s, settings);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	stack_stop(&s);
	return 0;
}

static struct json *
json_of(const struct http *h)
{
	struct scan_error error;
	struct json *document;

	if (json_parse(h->body, h->body_len, &document, &error) != STATUS_OK)
		fail_msg("no JSON (%s): %s", error.reason, h->raw);
	return document;
}

/* Sends, expects the status and, within the body, a text. */
static void
expect(const char *method, const char *target, const char *headers,
    const char *body, int status, const char *text)
{
	struct http h = http_send(s.port, method, target, headers, body);

	if (h.status != status || strstr(h.body, text) == NULL)
		fail_msg("%s %s: wanted %d with %s, got\n%s", method, target,
		    status, text, h.raw);
	http_free(&h);
}

static void
get(const char *target, int status, const char *text)
{
	expect("GET", target, "", NULL, status, text);
}

/* Returns how many derived events the answer names; copies the id. */
static int
ingest(const char *target, const char *body, char id[40])
{
	struct http h = http_post(s.port, target, body);
	const struct cJSON *v;
	struct json *document;
	int n = 0;

	if (h.status != 200)
		fail_msg("POST %s: %s", target, h.raw);
	document = json_of(&h);
	v = json_member(json_root(document), "stored_event_id");
	assert_non_null(v);
	snprintf(id, 40, "%s", json_string(v));
	v = json_first(json_member(json_root(document), "derived_events"));
	for (; v != NULL; v = json_next(v))
		n++;
	json_free(document);
	http_free(&h);
	return n;
}

static int
length_of(const char *target)
{
	struct http h = http_get(s.port, target);
	const struct cJSON *v;
	struct json *document;
	int n = 0;

	if (h.status != 200)
		fail_msg("GET %s: %s", target, h.raw);
	document = json_of(&h);
	assert_int_equal(json_type(json_root(document)), JSON_ARRAY);
	for (v = json_first(json_root(document)); v; v = json_next(v))
		n++;
	json_free(document);
	http_free(&h);
	return n;
}

static void
seed__every_example__answers_as_before(void **state)
{
	char id[40], again[40];

	(void)state;
	assert_int_equal(ingest("/ingest/health",
			     "{\n  \"patient_id\": 12345,\n  \"alert\": "
			     "\"emergency\",\n  \"location\": \"Rua das "
			     "Flores, 100\"\n}",
			     id),
	    2);
	assert_int_equal(ingest("/ingest/energy",
			     "{\"energy\": 650.0, \"neighborhood\": "
			     "\"downtown\"}",
			     id),
	    1);
	assert_int_equal(ingest("/ingest/energy",
			     "{\"energy\": 400.0, \"neighborhood\": "
			     "\"suburbs\"}",
			     id),
	    0);
	assert_int_equal(ingest("/ingest/energy",
			     "{\"energy\": 500.0, \"neighborhood\": "
			     "\"suburbs\"}",
			     id),
	    0);
	assert_int_equal(ingest("/ingest/transport",
			     "{\"bus_id\": 42, \"lat\": -23.5505, \"lon\": "
			     "-46.6333}",
			     id),
	    0);
	assert_int_equal(ingest("/ingest/security",
			     "{\"alert\": true, \"camera_trigger\": "
			     "\"motion_detected\"}",
			     id),
	    0);
	assert_int_equal(
	    ingest("/ingest/energy?dedupe_key=unique_key_123",
		"{\"energy\": 600.0, \"neighborhood\": \"u\"}", id),
	    1);
	assert_int_equal(
	    ingest("/ingest/energy?dedupe_key=unique_key_123",
		"{\"energy\": 600.0, \"neighborhood\": \"u\"}", again),
	    1);
	assert_string_equal(id, again);
	assert_int_equal(length_of("/events?limit=10&offset=0"), 10);
	get("/health", 200, "{\"status\":\"ok\"}");
}

static void
event__listed__has_exactly_its_keys(void **state)
{
	static const char *const keys[] = { "id", "service", "timestamp",
		"payload", "normalized_payload", "deduplication_key",
		"source_event_id", "created_at" };
	char target[64] = "/events/", *time;
	const struct cJSON *root, *v;
	struct json *document;
	struct http h;
	size_t i;

	(void)state;
	ingest("/ingest/energy", "{\"energy\":\"7\"}", target + 8);
	h = http_get(s.port, target);
	assert_int_equal(h.status, 200);
	document = json_of(&h);
	root = json_root(document);
	for (i = 0, v = json_first(root); v; v = json_next(v), i++)
		assert_string_equal(json_name(v), keys[i]);
	assert_int_equal(i, 8);
	time = strstr(h.body, "\"timestamp\":\"");
	assert_non_null(time);
	assert_int_equal(time[13 + strcspn(time + 13, "\"") - 1], 'Z');
	assert_non_null(strstr(h.body,
	    "\"payload\":{\"energy\":\"7\"},"
	    "\"normalized_payload\":{\"energy\":7.0,"
	    "\"neighborhood\":null}"));
	json_free(document);
	http_free(&h);
	get("/events/00000000-0000-0000-0000-000000000000", 404, "detail");
	get("/events/x", 422, "uuid_parsing");
}

static void
events__limits__as_the_contract_says(void **state)
{
	(void)state;
	get("/events?limit=101", 400,
	    "\"Limit must be less than or equal to 100\"");
	get("/events?limit=0", 422, "greater_than_equal");
	get("/events?limit=x", 422, "int_parsing");
	get("/events?limit=-1", 422, "greater_than_equal");
	get("/events?offset=-1", 422, "greater_than_equal");
	get("/events?offset=1e3", 422, "int_parsing");
	get("/events?limit=%", 400, "query string");
	get("/events?since=yesterday", 422, "datetime_parsing");
	get("/events?source_event_id=1", 422, "uuid_parsing");
	get("/events?derived=maybe", 422, "bool_parsing");
	get("/events?cursor=1", 422, "uuid_parsing");
	get("/events?after=x", 422, "after");
	get("/events?after=0&derived=true&offset=1", 422, "offset");
	assert_int_equal(length_of("/events?offset=1000000"), 0);
}

static void
events__filters__each_does_its_work(void **state)
{
	char id[40], target[128];
	int i;

	(void)state;
	for (i = 0; i < 3; i++)
		ingest("/ingest/filtered", "{}", id);
	ingest("/ingest/energy", "{\"energy\":900,\"neighborhood\":\"f\"}", id);
	assert_int_equal(length_of("/events?service=filtered"), 3);
	assert_int_equal(length_of("/events?service=filtered&limit=2"), 2);
	assert_int_equal(
	    length_of("/events?service=filtered&limit=2&offset=2"), 1);
	assert_int_equal(length_of("/events?service=filtered&derived=true"), 0);
	assert_int_equal(
	    length_of("/events?service=filtered&derived=false"), 3);
	assert_int_equal(length_of("/events?service=filtered&since="
				   "2020-01-01T00:00:00Z"),
	    3);
	assert_int_equal(length_of("/events?service=filtered&since="
				   "2099-01-01T00:00:00Z"),
	    0);
	assert_int_equal(length_of("/events?service=filtered&until="
				   "2020-01-01T00:00:00%2B01:00"),
	    0);
	assert_int_equal(
	    length_of("/events?deduplication_key=critical_energy_usage_f"), 1);
	snprintf(target, sizeof(target), "/events?source_event_id=%s", id);
	assert_int_equal(length_of(target), 1);
	assert_int_equal(length_of("/events?service=nobody"), 0);
}

/* Follows Link headers to the end; returns how many events came by. */
static int
follow(const char *first)
{
	char target[512], *link;
	struct http h;
	int n = 0, got;

	snprintf(target, sizeof(target), "%s", first);
	do {
		got = length_of(target);
		n += got;
		h = http_get(s.port, target);
		link = http_header(&h, "Link");
		http_free(&h);
		if (link == NULL)
			break;
		assert_non_null(strstr(link, ">; rel=\"next\""));
		snprintf(target, sizeof(target), "%.*s",
		    (int)strcspn(link + 1, ">"), link + 1);
		free(link);
	} while (got > 0);
	return n;
}

static void
events__followed_by_link__each_once(void **state)
{
	char id[40];
	int i;

	(void)state;
	for (i = 0; i < 25; i++)
		ingest("/ingest/paged", "{}", id);
	assert_int_equal(follow("/events?service=paged&limit=10"), 25);
	assert_int_equal(follow("/events?service=paged&limit=10&after=0"), 25);
	/* Whatever else its query holds. */
	assert_int_equal(
	    follow("/events?service=paged&limit=10&x=(1);'%3E\\^>|"), 25);
}

static void
service__any_other__passes_as_it_is(void **state)
{
	char target[64] = "/events/";

	(void)state;
	assert_int_equal(
	    ingest("/ingest/weather-2",
		"{\"b\": 1.50, \"a\": [1e2, {\"\\u00e9\": null}]}", target + 8),
	    0);
	get(target, 200, "\"payload\":{\"b\":1.50,\"a\":[1e2,{\"\\u00e9\":");
	get(target, 200, "\"normalized_payload\":{\"b\":1.50,\"a\":[1e2,");
	expect("POST", "/ingest/Weather", "", "{}", 422, "detail");
	expect("POST", "/ingest/a%2fb", "", "{}", 404, "detail");
}

static void
rejected__schema__every_fault_told_and_kept(void **state)
{
	static const char body[] =
	    "{\"patient_id\": 1.5, \"alert\": 7, \"x\":\"rejected-1\"}";
	struct http h;
	char *at;

	(void)state;
	expect("POST", "/ingest/health", "", body, 422,
	    "{\"detail\":[{\"type\":\"int_from_float\",\"loc\":[\"body\","
	    "\"patient_id\"],\"msg\":\"Input should be a valid integer, got a "
	    "number with a fractional part\",\"input\":1.5},{\"type\":"
	    "\"string_type\"");
	expect("POST", "/ingest/health", "", "{\"a\":", 422, "json_invalid");
	expect("POST", "/ingest/health", "", "[1]", 422, "dict_type");
	expect("POST", "/ingest/health", "", "", 422, "\"missing\"");
	h = http_get(s.port, "/rejected?service=health&limit=3");
	assert_int_equal(h.status, 200);
	at = strstr(h.body, "rejected-1");
	assert_non_null(at);
	assert_non_null(strstr(h.body, "\"reasons\":[{\"type\":\"dict_type\""));
	assert_non_null(strstr(h.body, "\"body\":\"{\\\"a\\\":\""));
	http_free(&h);
	get("/rejected/00000000-0000-0000-0000-000000000000", 404, "detail");
	get("/rejected/x", 422, "uuid_parsing");
	get("/rejected?limit=101", 400, "Limit must be");
	get("/rejected?limit=1", 200, "\"body_bytes\":");
}

static void
problem__asked_for__rfc9457(void **state)
{
	static const char accept[] = "Accept: application/problem+json\r\n";

	(void)state;
	expect("POST", "/ingest/health", accept, "{\"patient_id\":[]}", 422,
	    "\"errors\":[{\"type\":\"int_type\"");
	expect("GET", "/nowhere", accept, NULL, 404, "\"status\":404");
}

static void
idempotency_key__header__replayed_or_refused(void **state)
{
	static const char bare[] = "Idempotency-Key: k-1\r\n";
	static const char quoted[] = "Idempotency-Key: \"k-1\"\r\n";
	char *replayed;
	struct http h;

	(void)state;
	expect("POST", "/ingest/keyed", bare, "{\"a\":1}", 200, "stored");
	h = http_send(s.port, "POST", "/ingest/keyed", quoted, "{ \"a\" : 1 }");
	assert_int_equal(h.status, 200);
	replayed = http_header(&h, "Idempotent-Replayed");
	assert_non_null(replayed);
	assert_string_equal(replayed, "true");
	free(replayed);
	http_free(&h);
	expect("POST", "/ingest/keyed", bare, "{\"a\":2}", 422, "another body");
	expect("POST", "/ingest/keyed?dedupe_key=k-1", "", "{\"a\":2}", 200,
	    "stored");
	expect(
	    "POST", "/ingest/keyed?dedupe_key=k-2", bare, "{}", 400, "one key");
	expect("POST", "/ingest/keyed?dedupe_key=a%0ab", "", "{}", 422, "key");
	assert_int_equal(length_of("/events?service=keyed"), 1);
}

static void
idempotency_key__too_long__refused(void **state)
{
	char target[400] = "/ingest/keyed?dedupe_key=";
	size_t n = strlen(target);

	(void)state;
	memset(target + n, 'k', 256);
	expect("POST", target, "", "{}", 422, "255");
	target[n + 255] = '\0';
	expect("POST", target, "", "{}", 200, "stored");
}

static void
routes__wrong_method_or_path__405_or_404(void **state)
{
	struct http h;
	char *allow;

	(void)state;
	h = http_get(s.port, "/ingest/health");
	assert_int_equal(h.status, 405);
	allow = http_header(&h, "Allow");
	assert_non_null(allow);
	assert_string_equal(allow, "POST, OPTIONS");
	free(allow);
	http_free(&h);
	h = http_send(s.port, "DELETE", "/events", "", NULL);
	assert_int_equal(h.status, 405);
	allow = http_header(&h, "Allow");
	assert_non_null(allow);
	assert_string_equal(allow, "GET, HEAD, OPTIONS");
	free(allow);
	http_free(&h);
	expect("OPTIONS", "/events", "", NULL, 204, "");
	get("/nowhere", 404, "\"detail\"");
	get("/events/a/b", 404, "\"detail\"");
	expect("POST", "/ingest", "", "{}", 404, "\"detail\"");
	expect("POST", "/ingest/..%2fhealth", "", "{}", 404, "\"detail\"");
	expect("POST", "/ingest/%2e%2e/health", "", "{}", 404, "\"detail\"");
	/* nginx's "location = /events" would not see it. */
	expect("GET", "/events/", "", NULL, 404, "\"detail\"");
	expect("POST", "/ingest/energy/", "", "{}", 404, "\"detail\"");
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
		h = http_send(s.port, "HEAD", targets[i], "", NULL);
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
	expect("POST", "/ingest/typed",
	    "Content-Type: application/json; "
	    "charset=utf-8\r\n",
	    "{}", 200, "stored");
	expect("POST", "/ingest/typed",
	    "Content-Type: application/"
	    "vnd.city+json\r\n",
	    "{}", 200, "stored");
	expect("POST", "/ingest/typed", "", "{}", 200, "stored");
	expect("POST", "/ingest/typed", "Content-Type: text/plain\r\n", "{}",
	    415, "application/json");
	expect("POST", "/ingest/typed",
	    "Content-Type: application/x-www-form-urlencoded\r\n", "{}", 415,
	    "application/json");
}

static void
ingest__body_at_the_limit__stored_above_413(void **state)
{
	char *body = malloc(BODY_MAX + 2);

	(void)state;
	assert_non_null(body);
	memset(body, 'a', BODY_MAX + 1);
	memcpy(body, "{\"a\":\"", 6);
	strcpy(body + BODY_MAX - 2, "\"}");
	expect("POST", "/ingest/large", "", body, 200, "stored");
	strcpy(body + BODY_MAX - 1, "\"}");
	expect("POST", "/ingest/large", "", body, 413, "\"detail\"");
	free(body);
}

static void
responses__headers__json_not_stored_with_request_id(void **state)
{
	struct http h = http_get(s.port, "/events?limit=1");
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

static void
service__fixture__stored_or_refused_through_the_stack(void **state)
{
	const struct fixture *fixture = *state;
	char *body = fixture_text(fixture, "body"), target[96], id[40];
	const struct cJSON *v;
	int n = 0;

	snprintf(target, sizeof(target), "/ingest/%s", fixture->service);
	if (fixture->accepts) {
		v = json_first(
		    json_member(json_root(fixture->document), "derived"));
		for (; v != NULL; v = json_next(v))
			n++;
		assert_int_equal(ingest(target, body, id), n);
	} else {
		expect("POST", target, "", body, 422, "\"loc\":[\"body\"");
	}
	free(body);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(seed__every_example__answers_as_before),
	cmocka_unit_test(event__listed__has_exactly_its_keys),
	cmocka_unit_test(events__limits__as_the_contract_says),
	cmocka_unit_test(events__filters__each_does_its_work),
	cmocka_unit_test(events__followed_by_link__each_once),
	cmocka_unit_test(service__any_other__passes_as_it_is),
	cmocka_unit_test(rejected__schema__every_fault_told_and_kept),
	cmocka_unit_test(problem__asked_for__rfc9457),
	cmocka_unit_test(idempotency_key__header__replayed_or_refused),
	cmocka_unit_test(idempotency_key__too_long__refused),
	cmocka_unit_test(routes__wrong_method_or_path__405_or_404),
	cmocka_unit_test(head__where_get_works__same_headers_no_body),
	cmocka_unit_test(ingest__content_types__json_or_415),
	cmocka_unit_test(ingest__body_at_the_limit__stored_above_413),
	cmocka_unit_test(responses__headers__json_not_stored_with_request_id),
};

int
main(void)
{
	int failed;

	t_main();
	failed = cmocka_run_group_tests_name("contract", tests, setup, NULL);
	return failed +
	    fixtures_run("fixtures",
		service__fixture__stored_or_refused_through_the_stack, NULL,
		teardown);
}
