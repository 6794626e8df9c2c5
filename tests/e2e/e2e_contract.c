#include "t.h"

#include <string.h>

#include "contract.h"
#include "fixtures.h"
#include "http.h"
#include "request.h"

static void
seed__every_example__answers_as_before(void **state)
{
	char id[40], again[40];

	(void)state;
	assert_int_equal(contract_ingest("/ingest/health",
			     "{\n  \"patient_id\": 12345,\n  \"alert\": "
			     "\"emergency\",\n  \"location\": \"Rua das "
			     "Flores, 100\"\n}",
			     id),
	    2);
	assert_int_equal(contract_ingest("/ingest/energy",
			     J("{'energy': 650.0, 'neighborhood': "
			       "'downtown'}"),
			     id),
	    1);
	assert_int_equal(contract_ingest("/ingest/energy",
			     J("{'energy': 400.0, 'neighborhood': "
			       "'suburbs'}"),
			     id),
	    0);
	assert_int_equal(contract_ingest("/ingest/energy",
			     J("{'energy': 500.0, 'neighborhood': "
			       "'suburbs'}"),
			     id),
	    0);
	assert_int_equal(contract_ingest("/ingest/transport",
			     J("{'bus_id': 42, 'lat': -23.5505, 'lon': "
			       "-46.6333}"),
			     id),
	    0);
	assert_int_equal(contract_ingest("/ingest/security",
			     J("{'alert': true, 'camera_trigger': "
			       "'motion_detected'}"),
			     id),
	    0);
	assert_int_equal(
	    contract_ingest("/ingest/energy?dedupe_key=unique_key_123",
		J("{'energy': 600.0, 'neighborhood': 'u'}"), id),
	    1);
	assert_int_equal(
	    contract_ingest("/ingest/energy?dedupe_key=unique_key_123",
		J("{'energy': 600.0, 'neighborhood': 'u'}"), again),
	    1);
	assert_string_equal(id, again);
	assert_int_equal(contract_length_of("/events?limit=10&offset=0"), 10);
	contract_get("/health", 200, J("{'status':'ok'}"));
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
	contract_ingest("/ingest/energy", J("{'energy':'7'}"), target + 8);
	h = http_get(contract_stack.port, target);
	assert_int_equal(h.status, 200);
	document = contract_json(&h);
	root = json_root(document);
	for (i = 0, v = json_first(root); v; v = json_next(v), i++)
		assert_string_equal(json_name(v), keys[i]);
	assert_int_equal(i, 8);
	time = strstr(h.body, "\"timestamp\":\"");
	assert_non_null(time);
	assert_int_equal(time[13 + strcspn(time + 13, "\"") - 1], 'Z');
	assert_non_null(strstr(h.body,
	    J("'payload':{'energy':'7'},"
	      "'normalized_payload':{'energy':7.0,"
	      "'neighborhood':null}")));
	json_free(document);
	http_free(&h);
	contract_get(
	    "/events/00000000-0000-0000-0000-000000000000", 404, "detail");
	contract_get("/events/x", 422, "uuid_parsing");
}

static void
events__limits__as_the_contract_says(void **state)
{
	(void)state;
	contract_get("/events?limit=101", 400,
	    "\"Limit must be less than or equal to 100\"");
	contract_get("/events?limit=0", 422, "greater_than_equal");
	contract_get("/events?limit=x", 422, "int_parsing");
	contract_get("/events?limit=-1", 422, "greater_than_equal");
	contract_get("/events?offset=-1", 422, "greater_than_equal");
	contract_get("/events?offset=1e3", 422, "int_parsing");
	contract_get("/events?limit=%", 400, "query string");
	contract_get("/events?since=yesterday", 422, "datetime_parsing");
	contract_get("/events?source_event_id=1", 422, "uuid_parsing");
	contract_get("/events?derived=maybe", 422, "bool_parsing");
	contract_get("/events?cursor=1", 422, "uuid_parsing");
	contract_get("/events?after=x", 422, "after");
	contract_get("/events?after=0&derived=true&offset=1", 422, "offset");
	assert_int_equal(contract_length_of("/events?offset=1000000"), 0);
}

static void
events__filters__each_does_its_work(void **state)
{
	char id[40], target[128];
	int i;

	(void)state;
	for (i = 0; i < 3; i++)
		contract_ingest("/ingest/filtered", "{}", id);
	contract_ingest(
	    "/ingest/energy", J("{'energy':900,'neighborhood':'f'}"), id);
	assert_int_equal(contract_length_of("/events?service=filtered"), 3);
	assert_int_equal(
	    contract_length_of("/events?service=filtered&limit=2"), 2);
	assert_int_equal(
	    contract_length_of("/events?service=filtered&limit=2&offset=2"), 1);
	assert_int_equal(
	    contract_length_of("/events?service=filtered&derived=true"), 0);
	assert_int_equal(
	    contract_length_of("/events?service=filtered&derived=false"), 3);
	assert_int_equal(contract_length_of("/events?service=filtered&since="
					    "2020-01-01T00:00:00Z"),
	    3);
	assert_int_equal(contract_length_of("/events?service=filtered&since="
					    "2099-01-01T00:00:00Z"),
	    0);
	assert_int_equal(contract_length_of("/events?service=filtered&until="
					    "2020-01-01T00:00:00%2B01:00"),
	    0);
	assert_int_equal(
	    contract_length_of(
		"/events?deduplication_key=critical_energy_usage_f"),
	    1);
	snprintf(target, sizeof(target), "/events?source_event_id=%s", id);
	assert_int_equal(contract_length_of(target), 1);
	assert_int_equal(contract_length_of("/events?service=nobody"), 0);
}

/* Follows Link headers to the end; returns the number of events. */
static int
follow(const char *first)
{
	char target[512], *link;
	struct http h;
	int n = 0, got;

	snprintf(target, sizeof(target), "%s", first);
	do {
		got = contract_length_of(target);
		n += got;
		h = http_get(contract_stack.port, target);
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
		contract_ingest("/ingest/paged", "{}", id);
	assert_int_equal(follow("/events?service=paged&limit=10"), 25);
	assert_int_equal(follow("/events?service=paged&limit=10&after=0"), 25);
	/* Links also work if the query has other parameters and odd bytes. */
	assert_int_equal(
	    follow("/events?service=paged&limit=10&x=(1);'%3E\\^>|"), 25);
}

static void
service__any_other__passes_as_it_is(void **state)
{
	char target[64] = "/events/";

	(void)state;
	assert_int_equal(
	    contract_ingest("/ingest/weather-2",
		"{\"b\": 1.50, \"a\": [1e2, {\"\\u00e9\": null}]}", target + 8),
	    0);
	contract_get(
	    target, 200, "\"payload\":{\"b\":1.50,\"a\":[1e2,{\"\\u00e9\":");
	contract_get(
	    target, 200, J("'normalized_payload':{'b':1.50,'a':[1e2,"));
	contract_expect("POST", "/ingest/Weather", "", "{}", 422, "detail");
	contract_expect("POST", "/ingest/a%2fb", "", "{}", 404, "detail");
}

static void
rejected__schema__every_fault_told_and_kept(void **state)
{
	static const char body[] =
	    "{\"patient_id\": 1.5, \"alert\": 7, \"x\":\"rejected-1\"}";
	struct http h;
	char *at;

	(void)state;
	contract_expect("POST", "/ingest/health", "", body, 422,
	    J("{'detail':[{'type':'int_from_float','loc':['body',"
	      "'patient_id'],'msg':'Input should be a valid integer, got a "
	      "number with a fractional part','input':1.5},{'type':"
	      "'string_type'"));
	contract_expect(
	    "POST", "/ingest/health", "", "{\"a\":", 422, "json_invalid");
	contract_expect("POST", "/ingest/health", "", "[1]", 422, "dict_type");
	contract_expect("POST", "/ingest/health", "", "", 422, "\"missing\"");
	h = http_get(contract_stack.port, "/rejected?service=health&limit=3");
	assert_int_equal(h.status, 200);
	at = strstr(h.body, "rejected-1");
	assert_non_null(at);
	assert_non_null(strstr(h.body, J("'reasons':[{'type':'dict_type'")));
	assert_non_null(strstr(h.body, "\"body\":\"{\\\"a\\\":\""));
	http_free(&h);
	contract_get(
	    "/rejected/00000000-0000-0000-0000-000000000000", 404, "detail");
	contract_get("/rejected/x", 422, "uuid_parsing");
	contract_get("/rejected?limit=101", 400, "Limit must be");
	contract_get("/rejected?limit=1", 200, "\"body_bytes\":");
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
	contract_expect("POST", "/ingest/large", "", body, 200, "stored");
	strcpy(body + BODY_MAX - 1, "\"}");
	contract_expect("POST", "/ingest/large", "", body, 413, "\"detail\"");
	free(body);
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
		assert_int_equal(contract_ingest(target, body, id), n);
	} else {
		contract_expect(
		    "POST", target, "", body, 422, J("'loc':['body'"));
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
	cmocka_unit_test(ingest__body_at_the_limit__stored_above_413),
};

int
main(void)
{
	int failed;

	t_main();
	failed =
	    cmocka_run_group_tests_name("contract", tests, contract_open, NULL);
	return failed +
	    fixtures_run("fixtures",
		service__fixture__stored_or_refused_through_the_stack, NULL,
		contract_close);
}
