/*
 * CloudEvents 1.0 through the whole stack, in each of their forms, also as
 * their SDK makes and reads them. How attributes are read: test_unwrap.c,
 * test_unwrap_head.c.
 */
#include "t.h"

#include <string.h>

#include "batches.h"
#include "shell.h"

#define STRUCTURED "Content-Type: application/cloudevents+json\r\n"
#define PARENT "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

/* The stored event with this key, as "timestamp|own_time|payload". */
static void
expect_stored(const char *key, const char *wanted)
{
	char *got = t_sql(batches_stack.url,
	    "SELECT concat_ws('|', timestamp AT TIME ZONE 'UTC', own_time,"
	    " payload) FROM events WHERE deduplication_key = '%s'",
	    key);

	assert_string_equal(got, wanted);
	free(got);
}

static void
structured__stored__is_its_data_with_its_key_and_time(void **state)
{
	const char *event =
	    J("{'specversion':'1.0','id':'7','source':'/meters/4',"
	      "'type':'reading','time':'2022-01-02T03:04:05+01:00',"
	      "'unit':'kWh','data':{'energy':1.50,'neighborhood':'n'}}");

	(void)state;
	batches_expect(
	    "/ingest/energy", STRUCTURED, event, 200, "\"stored_event_id\"");
	expect_stored("/meters/4 7",
	    "2022-01-02 02:04:05|t|{\"energy\":1.50,\"neighborhood\":\"n\"}");
	batches_expect("/ingest/energy", STRUCTURED, event, 200,
	    "\r\nIdempotent-Replayed: true\r\n");
	/* Its own key and time win; its id stands for it, whatever it holds. */
	batches_expect("/ingest/energy?timestamp=2020-01-01T00:00:00Z",
	    STRUCTURED "Idempotency-Key: other\r\n",
	    J("{'specversion':'1.0','id':'7','source':'/meters/4',"
	      "'type':'reading','data':{}}"),
	    200, "\r\nIdempotent-Replayed: true\r\n");
	batches_expect("/ingest/energy?timestamp=2020-01-01T00:00:00Z",
	    STRUCTURED,
	    J("{'specversion':'1.0','id':'8','source':'/meters/4',"
	      "'type':'reading','data':{}}"),
	    200, "\"stored_event_id\"");
	expect_stored("/meters/4 8", "2020-01-01 00:00:00|t|{}");
}

static void
binary__stored__is_its_body_with_the_headers_key_and_time(void **state)
{
	static const char headers[] =
	    JSON_TYPE "ce-specversion: 1.0\r\nCE-ID: S%C3%A3o%201\r\n"
		      "ce-source: /meters/5\r\nce-type: reading\r\n"
		      "ce-time: 2022-01-02T03:04:05Z\r\nce-unit: kWh\r\n";

	(void)state;
	batches_expect("/ingest/energy", headers, J("{ 'energy': 2.50 }"), 200,
	    "\"stored_event_id\"");
	expect_stored("/meters/5 S\xc3\xa3o 1",
	    "2022-01-02 03:04:05|t|{\"energy\":2.50}");
	batches_expect("/ingest/energy", headers, J("{'energy':9}"), 200,
	    "\r\nIdempotent-Replayed: true\r\n");
	/* The same event in the other mode is the same event. */
	batches_expect("/ingest/energy", STRUCTURED,
	    J("{'specversion':'1.0','id':'S\xc3\xa3o 1','source':'/meters/5',"
	      "'type':'reading','data':{'energy':2.50}}"),
	    200, "\r\nIdempotent-Replayed: true\r\n");
}

static void
emergency__with_a_time_and_a_trace__derived_events_have_both(void **state)
{
	(void)state;
	batches_expect("/ingest/health",
	    STRUCTURED "traceparent: "
		       "00-11111111111111111111111111111111-1111111111111111-01"
		       "\r\n",
	    J("{'specversion':'1.0','id':'e','source':'/beds/1','type':'t',"
	      "'time':'2022-05-06T07:08:09Z','traceparent':'" PARENT
	      "','data':{'patient_id':5,'alert':'emergency'}}"),
	    200, "\"derived_events\":[\"");
	t_expect(batches_stack.url, "security transport|2022-05-06 07:08:09|t",
	    "SELECT concat_ws('|', string_agg(service, ' ' ORDER BY service),"
	    " min(timestamp) AT TIME ZONE 'UTC', bool_and(own_time))"
	    " FROM events WHERE deduplication_key = 'health_emergency_5'"
	    " HAVING min(timestamp) = max(timestamp)");
	t_expect(batches_stack.url, "2 " PARENT " 2022-05-06 07:08:09",
	    "SELECT concat_ws(' ', count(*), min(traceparent),"
	    " min(occurred_at) AT TIME ZONE 'UTC') FROM outbox_messages"
	    " WHERE subject = 'health_emergency_5'");
	/* Their ids and created_at are the receipt's. */
	t_expect(batches_stack.url, "3",
	    "SELECT count(*) FROM events WHERE"
	    " timestamp = '2022-05-06T07:08:09Z'"
	    " AND now() - created_at < interval '1 min'"
	    " AND left(id::text, 2) = '01'");
}

static void
structured__not_one__422_that_says_which_attribute(void **state)
{
	static const struct {
		const char *event, *fault;
	} rows[] = {
		{ "{}", "'missing','loc':['body','specversion']" },
		{ "{'specversion':'0.3','id':'1','source':'/','type':'t',"
		  "'data':{}}",
		    "'loc':['body','specversion'],'msg':'Input should be" },
		{ "{'specversion':'1.0','source':'/','type':'t','data':{}}",
		    "{'detail':[{'type':'missing','loc':['body','id']" },
		{ "{'specversion':'1.0','id':'1','type':'t','data':{}}",
		    "{'detail':[{'type':'missing','loc':['body','source']" },
		{ "{'specversion':'1.0','id':'1','source':'/','data':{}}",
		    "{'detail':[{'type':'missing','loc':['body','type']" },
		{ "{'specversion':'1.0','id':'1','source':'/','type':'t'}",
		    "{'detail':[{'type':'missing','loc':['body','data']" },
		{ "{'specversion':'1.0','id':'1','source':'/','type':'t',"
		  "'data':[1]}",
		    "{'detail':[{'type':'dict_type','loc':['body','data']" },
		{ "{'specversion':'1.0','id':'1','source':'/','type':'t',"
		  "'data_base64':'AA=='}",
		    "{'detail':[{'type':'value_error','loc':['body',"
		    "'data_base64']" },
		{ "{'specversion':'1.0','id':'1','source':'/','type':'t',"
		  "'data':{},'datacontenttype':'text/xml'}",
		    "'loc':['body','datacontenttype']" },
		{ "{'specversion':'1.0','id':'1','source':'/','type':'t',"
		  "'data':{},'time':'2999-01-01T00:00:00Z'}",
		    "'loc':['body','time'],'msg':'Input should be at most 5" },
		{ "[]", "'dict_type'" },
		{ "[{'specversion':'1.0'}]", "'dict_type'" },
	};
	size_t i, n = sizeof(rows) / sizeof(*rows);

	(void)state;
	for (i = 0; i < n; i++)
		batches_expect("/ingest/faulty", STRUCTURED, J(rows[i].event),
		    422, J(rows[i].fault));
	assert_int_equal(batches_events("faulty"), 0);
	assert_int_equal(batches_refused("faulty"), (int)n);
}

static void
binary__not_one__422_that_says_which_header(void **state)
{
	static const char all[] =
	    JSON_TYPE "ce-specversion: 1.0\r\nce-source: /\r\nce-type: t\r\n";
	char headers[256];

	(void)state;
	batches_expect("/ingest/faulty", all, "{}", 422,
	    J("{'detail':[{'type':'missing','loc':['header','ce-id']"));
	snprintf(headers, sizeof(headers), "%sce-id: %%zz\r\n", all);
	batches_expect("/ingest/faulty", headers, "{}", 422,
	    J("'loc':['header','ce-id'],'msg':'Input should have two hex"));
	snprintf(headers, sizeof(headers),
	    "%sce-id: 1\r\nce-time: 2999-01-01T00:00:00Z\r\n", all);
	batches_expect("/ingest/faulty", headers, "{}", 422,
	    J("'loc':['header','ce-time'],'msg':'Input should be at most 5"));
	snprintf(headers, sizeof(headers), "%sce-id: 1\r\n", all);
	batches_expect("/ingest/faulty", headers, "[1]", 422, "dict_type");
	assert_int_equal(batches_events("faulty"), 0);
}

/* So that it can be sent again as what the sender meant. */
static void
data__fails_its_schema__is_kept_with_its_key(void **state)
{
	(void)state;
	batches_expect("/ingest/transport", STRUCTURED,
	    J("{'specversion':'1.0','id':'b','source':'/buses','type':'t',"
	      "'data':{'bus_id': 1.5, 'line':'9'}}"),
	    422, J("'loc':['body','bus_id']"));
	t_expect(batches_stack.url,
	    "/buses b {\"bus_id\":1.5,\"line\":\"9\"} 1",
	    "SELECT concat_ws(' ', deduplication_key,"
	    " convert_from(body, 'UTF8'), json_array_length(reasons))"
	    " FROM rejected_events WHERE service = 'transport'");
	http_expect(batches_stack.port, "GET", "/rejected?service=transport",
	    "", NULL, 200, "{\\\"bus_id\\\":1.5,");
	t_exec(batches_stack.url,
	    "DELETE FROM rejected_events WHERE service = 'transport'");
	batches_expect("/ingest/transport/batch", CLOUD_TYPE,
	    J("[{'specversion':'1.0','id':'c','source':'/buses','type':'t',"
	      "'data':{'bus_id':'x'}}]"),
	    200, "\"rejected\":1");
	t_expect(batches_stack.url, "/buses c {\"bus_id\":\"x\"}",
	    "SELECT concat_ws(' ', deduplication_key,"
	    " convert_from(body, 'UTF8'))"
	    " FROM rejected_events WHERE service = 'transport'");
}

#define ONE(id, data)                                                          \
	"{'specversion':'1.0','id':'" id "','source':'/b','type':'t',"         \
	"'data':" data "}"

static void
batch__same_id_twice__the_second_is_a_duplicate(void **state)
{
	const char *body = J("[" ONE("1", "{'n':1}") "," ONE("2",
	    "{'n':2}") ","
		       "\n" ONE("1", "{'n':3}") "," ONE("3", "7") ",{'n':4}]");
	struct answer a = batches_send("/ingest/cloud/batch",
	    CLOUD_TYPE "Idempotency-Key: theirs\r\n", body);

	(void)state;
	batches_assert(&a, 200, 2, 1, 2);
	assert_int_equal(a.results[2].status, 200);
	assert_string_equal(a.results[2].id, a.results[0].id);
	assert_string_not_equal(a.results[1].id, a.results[0].id);
	assert_non_null(
	    strstr(a.results[3].detail, J("'loc':['body','data']")));
	assert_non_null(
	    strstr(a.results[4].detail, J("'loc':['body','specversion']")));
	t_expect(batches_stack.url, "/b 1{\"n\":1} /b 2{\"n\":2}",
	    "SELECT string_agg(deduplication_key || payload, ' ' ORDER BY id)"
	    " FROM events WHERE service = 'cloud'");
	/* A single request meets the same keys. */
	batches_expect("/ingest/cloud", STRUCTURED, J(ONE("2", "{}")), 200,
	    a.results[1].id);
	batches_free(&a);
}

static void
batch__events_with_times__each_has_its_own(void **state)
{
	struct answer a = batches_send(
	    "/ingest/hours/batch?timestamp=2020-01-01T00:00:00Z", CLOUD_TYPE,
	    J("[{'specversion':'1.0','id':'1','source':'/h','type':'t',"
	      "'time':'2023-01-01T00:00:00Z','data':{}},"
	      "{'specversion':'1.0','id':'2','source':'/h','type':'t',"
	      "'data':{}},"
	      "{'specversion':'1.0','id':'3','source':'/h','type':'t',"
	      "'time':'2999-01-01T00:00:00Z','data':{}}]"));

	(void)state;
	batches_assert(&a, 200, 2, 0, 1);
	assert_non_null(
	    strstr(a.results[2].detail, J("'loc':['body','time']")));
	batches_free(&a);
	expect_stored("/h 1", "2023-01-01 00:00:00|t|{}");
	expect_stored("/h 2", "2020-01-01 00:00:00|t|{}");
}

/* Beyond 255 characters the key ends in a hash of it all. */
/* So many that the array of events grows while they are read. */
static void
batch__of_many_with_traces__each_event_has_its_own(void **state)
{
	struct buf body;
	int i;

	(void)state;
	buf_init(&body, 1 << 20);
	for (i = 0; i < 400; i++)
		buf_printf(&body,
		    "%c{\"specversion\":\"1.0\",\"id\":\"%d\","
		    "\"source\":\"/traced\",\"type\":\"t\",\"traceparent\":"
		    "\"00-4bf92f3577b34da6a3ce929d0e0e4736-%016d-01\",\"data\":"
		    "{\"alert\":\"emergency\",\"patient_id\":%d}}",
		    i == 0 ? '[' : ',', i, i + 1, 70000 + i);
	buf_putc(&body, ']');
	batches_expect("/ingest/health/batch", CLOUD_TYPE, body.data, 200,
	    "{\"stored\":400,\"duplicate\":0,\"rejected\":0,");
	assert_int_equal(
	    t_number(batches_stack.url,
		"SELECT count(*) FROM outbox_messages WHERE traceparent ="
		" format('00-4bf92f3577b34da6a3ce929d0e0e4736-%%s-01',"
		" lpad(((payload::json->>'patient_id')::int - 69999)::text,"
		" 16, '0')) AND subject LIKE 'health_emergency_7____'"),
	    800);
	buf_free(&body);
}

static void
key__of_a_long_source__still_tells_events_apart(void **state)
{
	char event[1200];
	int i;

	(void)state;
	for (i = 0; i < 4; i++) {
		snprintf(event, sizeof(event),
		    "{\"specversion\":\"1.0\",\"id\":\"%d\",\"type\":\"t\","
		    "\"source\":\"/%0600d\",\"data\":{}}",
		    i % 2, 0);
		batches_expect("/ingest/distant", STRUCTURED, event, 200,
		    i < 2 ? "stored_event_id" : "Idempotent-Replayed: true");
	}
	t_expect(batches_stack.url, "2 t",
	    "SELECT concat_ws(' ', count(DISTINCT deduplication_key),"
	    " max(length(deduplication_key)) <= 255)"
	    " FROM events WHERE service = 'distant'");
}

static void
sdk__its_events_in_each_form__taken_and_its_receiver_served(void **state)
{
	(void)state;
	shell_must("node tests/openapi/cloudevents.mjs %d", batches_stack.port);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(structured__stored__is_its_data_with_its_key_and_time),
	cmocka_unit_test(
	    binary__stored__is_its_body_with_the_headers_key_and_time),
	cmocka_unit_test(
	    emergency__with_a_time_and_a_trace__derived_events_have_both),
	cmocka_unit_test(structured__not_one__422_that_says_which_attribute),
	cmocka_unit_test(binary__not_one__422_that_says_which_header),
	cmocka_unit_test(data__fails_its_schema__is_kept_with_its_key),
	cmocka_unit_test(batch__same_id_twice__the_second_is_a_duplicate),
	cmocka_unit_test(batch__events_with_times__each_has_its_own),
	cmocka_unit_test(batch__of_many_with_traces__each_event_has_its_own),
	cmocka_unit_test(key__of_a_long_source__still_tells_events_apart),
	cmocka_unit_test(
	    sdk__its_events_in_each_form__taken_and_its_receiver_served),
};

T_MAIN_WITH(tests, batches_open, batches_close)
