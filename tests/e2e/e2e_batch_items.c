/*
 * What a batch may look like, what its options do, and what each event of it is
 * answered. Large batches: e2e_batch.c.
 */
#include "t.h"

#include <string.h>
#include <time.h>

#include "batches.h"

#define KEY(key) NDJSON_TYPE "Idempotency-Key: " key "\r\n"
#define MINIMAL NDJSON_TYPE "Prefer: return=minimal\r\n"

static void
expect_answer(const char *target, const char *headers, const char *body,
    int status, const char *sums)
{
	struct answer a = batches_send(target, headers, body);
	char got[64];

	snprintf(got, sizeof(got), "%lld %lld %lld", a.stored, a.duplicate,
	    a.rejected);
	assert_string_equal(got, sums);
	assert_int_equal(a.status, status);
	batches_free(&a);
}

static void
batch__any_form__its_events_stored(void **state)
{
	static const char target[] = "/ingest/forms/batch";

	(void)state;
	expect_answer(target, NDJSON_TYPE, "{}\n{\"a\":1}", 200, "2 0 0");
	expect_answer(target, NDJSON_TYPE, "\xef\xbb\xbf{}\r\n\r\n \n{}\r\n",
	    200, "2 0 0");
	expect_answer(
	    target, JSON_TYPE, "[{},{\"a\":[1,{}]} , {}]", 200, "3 0 0");
	expect_answer(target, "", "[{}]", 200, "1 0 0");
	expect_answer(target,
	    "Content-Type: application/vnd.city+json; charset=utf-8\r\n",
	    " [ {} ]\n", 200, "1 0 0");
	assert_int_equal(batches_events("forms"), 9);
	t_expect(batches_stack.url, "2",
	    "SELECT count(*) FROM events WHERE payload::text IN"
	    " ('{\"a\":1}', '{\"a\":[1,{}]}')");
}

static void
batch__without_events__200_and_no_results(void **state)
{
	static const char
	    target[] = "/ingest/none/batch",
	    none[] = "\r\n\r\n{\"stored\":0,\"duplicate\":0,\"rejected\":0,"
		     "\"results\":[]}";

	(void)state;
	batches_expect(target, JSON_TYPE, "[]", 200, none);
	batches_expect(target, JSON_TYPE, " [ ] ", 200, none);
	batches_expect(target, NDJSON_TYPE, "\n \r\n", 200, none);
	batches_expect(target, CLOUD_TYPE, "[]", 200, none);
	batches_expect(
	    "/ingest/none/batch?atomic=true", KEY("none"), "\n", 200, none);
	/* No body at all is more likely a mistake. */
	batches_expect(target, NDJSON_TYPE, "", 422, "Field required");
	batches_expect(target, JSON_TYPE, "", 422, "Field required");
}

static void
line__broken__fails_alone_and_is_kept(void **state)
{
	static const char *const faults[] = { NULL, "json_invalid", "dict_type",
		NULL, "dict_type", "json_invalid", "json_invalid", NULL };
	struct answer a = batches_send("/ingest/broken/batch", NDJSON_TYPE,
	    "{\"n\":1}\n{\"n\":\n[]\n{\"n\":2}\n2\n{\"n\":3}{}\n{\"n\":\"\xff"
	    "\"}\n{\"n\":4}");
	int i;

	(void)state;
	batches_assert(&a, 200, 3, 0, 5);
	for (i = 0; i < 8; i++) {
		assert_int_equal(a.results[i].status, faults[i] ? 422 : 200);
		if (faults[i] != NULL)
			assert_non_null(strstr(a.results[i].detail, faults[i]));
	}
	batches_free(&a);
	assert_int_equal(batches_events("broken"), 3);
	t_expect(batches_stack.url, "{\"n\": [] 2 {\"n\":3}{}",
	    "SELECT string_agg(convert_from(body, 'UTF8'), ' ' ORDER BY id)"
	    " FROM rejected_events WHERE service = 'broken'"
	    " AND position('\\xff' IN body) = 0");
	assert_int_equal(batches_refused("broken"), 5);
}

static void
array__broken__422_and_nothing_stored_or_kept(void **state)
{
	static const char *const bodies[] = { "[{},{}", "[{},]", "[{}] []",
		"[{\"a\":1,\"a\":2}]", "[{},{\"a\":1e999}]", "[{}\n{}]",
		"[\"\\ud800\"]" };
	static const char target[] = "/ingest/cut/batch";
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
		batches_expect(target, JSON_TYPE, bodies[i], 422,
		    J("{'detail':[{'type':'json_invalid','loc':['body'],"));
		batches_expect(
		    target, CLOUD_TYPE, bodies[i], 422, "JSON decode error: ");
	}
	/* One object, as the path of single events takes it, and NDJSON. */
	batches_expect(target, JSON_TYPE, "{}", 422, "an array is expected");
	batches_expect(
	    target, JSON_TYPE, "{}\n{}", 422, "an array is expected");
	assert_int_equal(batches_events("cut") + batches_refused("cut"), 0);
}

static void
atomic__one_bad__422_and_nothing_stored_or_kept(void **state)
{
	static const char target[] = "/ingest/energy/batch?atomic=true",
			  body[] = "{\"energy\":900,\"neighborhood\":\"at\"}\n"
				   "{\"energy\":\"x\"}\n{\"energy\":1}";
	struct answer a = batches_send(target, NDJSON_TYPE, body);

	(void)state;
	batches_assert(&a, 422, 0, 0, 1);
	assert_int_equal(a.n, 3);
	assert_int_equal(a.results[0].status, 424);
	assert_string_equal(a.results[0].id, "");
	assert_string_equal(a.results[0].detail,
	    J("'Not stored, because of other events of the batch'"));
	assert_int_equal(a.results[1].status, 422);
	assert_non_null(strstr(a.results[1].detail, "float_parsing"));
	assert_int_equal(a.results[2].status, 424);
	batches_free(&a);
	batches_expect(target, MINIMAL, body, 422,
	    "\r\n\r\n{\"stored\":0,\"duplicate\":0,\"rejected\":1,\"results\":"
	    "[{\"index\":0,\"status\":424,");
	assert_int_equal(batches_events("energy") + batches_refused("energy") +
		t_number(batches_stack.url,
		    "SELECT count(*) FROM incidents WHERE key ="
		    " 'critical_energy_usage_at'"),
	    0);
	/* Without the bad one, all is stored; and so again, as duplicates. */
	expect_answer("/ingest/energy/batch?atomic=true", KEY("at"),
	    "{\"energy\":900,\"neighborhood\":\"at\"}\n{\"energy\":1}", 200,
	    "2 0 0");
	expect_answer("/ingest/energy/batch?atomic=true", KEY("at"),
	    "{\"energy\":900,\"neighborhood\":\"at\"}\n{\"energy\":1}", 200,
	    "0 2 0");
	assert_int_equal(batches_events("energy"), 2);
	expect_answer("/ingest/energy/batch?atomic=false", NDJSON_TYPE, body,
	    200, "2 0 1");
	batches_expect("/ingest/energy/batch?atomic=yes", NDJSON_TYPE, body,
	    422, J("'loc':['query','atomic']"));
}

static void
key__of_a_batch__each_event_has_it_with_its_index(void **state)
{
	static const char target[] = "/ingest/keyed/batch";
	struct answer a = batches_send(target, KEY("\"k, 1\""),
			  "{\"n\":0}\n[]\n\n{\"n\":2}"),
		      b;
	char long_key[320];

	(void)state;
	batches_assert(&a, 200, 2, 0, 1);
	/* A blank line has no index; a bad one has. */
	t_expect(batches_stack.url, "k, 1/0 k, 1/2",
	    "SELECT string_agg(deduplication_key, ' ' ORDER BY id)"
	    " FROM events WHERE service = 'keyed'");
	t_expect(batches_stack.url, "k, 1/1",
	    "SELECT deduplication_key FROM rejected_events"
	    " WHERE service = 'keyed'");
	/* Another body under the key of one event is that event's fault. */
	b = batches_send(
	    target, KEY("\"k, 1\""), "{\"n\":0}\n{\"n\":1}\n{\"n\":3}");
	batches_assert(&b, 200, 1, 1, 1);
	assert_string_equal(b.results[0].id, a.results[0].id);
	assert_int_equal(b.results[1].status, 200);
	assert_int_equal(b.results[2].status, 422);
	assert_string_equal(b.results[2].detail,
	    J("'This Idempotency-Key was used with another body'"));
	batches_free(&a);
	batches_free(&b);
	/* With dedupe_key it is a duplicate, as for a single event. */
	expect_answer("/ingest/keyed/batch?dedupe_key=k,%201", NDJSON_TYPE,
	    "{\"n\":9}", 200, "0 1 0");
	snprintf(long_key, sizeof(long_key),
	    NDJSON_TYPE "Idempotency-Key: %0251d\r\n", 0);
	batches_expect(target, long_key, "{}", 422,
	    "The key of a batch has 1 to 250 characters");
	snprintf(long_key, sizeof(long_key),
	    NDJSON_TYPE "Idempotency-Key: %0250d\r\n", 0);
	expect_answer(target, long_key, "{}", 200, "1 0 0");
	batches_expect("/ingest/keyed/batch?dedupe_key=a", KEY("b"), "{}", 400,
	    "Give one key");
}

static void
atomic__key_used_with_another_body__422_and_nothing_stored(void **state)
{
	static const char key[] = NDJSON_TYPE "Idempotency-Key: whole\r\n";

	(void)state;
	batches_expect("/ingest/whole/batch", key, "{\"n\":0}\n{\"n\":1}", 200,
	    "\"stored\":2");
	batches_expect("/ingest/whole/batch?atomic=true", key,
	    "{\"n\":0}\n{\"n\":9}\n{\"n\":2}", 422,
	    "{\"stored\":0,\"duplicate\":0,\"rejected\":1,");
	assert_int_equal(batches_events("whole"), 2);
	batches_expect("/ingest/whole/batch?atomic=true", key,
	    "{\"n\":0}\n{\"n\":1}\n{\"n\":2}", 200,
	    "{\"stored\":1,\"duplicate\":2,\"rejected\":0,");
	assert_int_equal(batches_events("whole"), 3);
}

static void
minimal__preferred__only_what_was_not_stored(void **state)
{
	static const char target[] = "/ingest/transport/batch";
	struct http h;

	(void)state;
	batches_expect(target, MINIMAL, "{\"bus_id\":1}\n{}", 200,
	    "\r\n\r\n{\"stored\":2,\"duplicate\":0,\"rejected\":0,"
	    "\"results\":[]}");
	batches_expect(target, MINIMAL, "{\"bus_id\":1}\n{\"bus_id\":\"x\"}",
	    200,
	    "{\"stored\":1,\"duplicate\":0,\"rejected\":1,\"results\":"
	    "[{\"index\":1,\"status\":422,\"detail\":[{\"type\":");
	batches_expect(target, MINIMAL, "{}", 200,
	    "\r\nPreference-Applied: return=minimal\r\n");
	batches_expect(target,
	    NDJSON_TYPE "Prefer: wait=10, Return=Minimal; a=b\r\n", "{}", 200,
	    "\"results\":[]");
	/* What is answered without results follows no preference. */
	h = batches_post(target, MINIMAL "Content-Encoding: br\r\n", "{}", 2);
	assert_int_equal(h.status, 415);
	assert_null(http_header(&h, "Preference-Applied"));
	http_free(&h);
	batches_expect(target, NDJSON_TYPE "Prefer: return=representation\r\n",
	    "{}", 200, "\"results\":[{");
}

static void
content_type__any_other__415_that_names_those_that_fit(void **state)
{
	static const char *const types[] = { "text/plain", "text/csv",
		"application/cloudevents+json", "application/cloudevents",
		"application/ndjson", "application/x-ndjsonl",
		"multipart/form-data", "application/json, application/json" };
	static const char told[] =
	    "\r\nAccept-Post: application/json, application/x-ndjson, "
	    "application/cloudevents-batch+json\r\n";
	char headers[128];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(types) / sizeof(*types); i++) {
		snprintf(
		    headers, sizeof(headers), "Content-Type: %s\r\n", types[i]);
		batches_expect(
		    "/ingest/typed/batch", headers, "[{}]", 415, told);
	}
	batches_expect("/ingest/typed/batch",
	    NDJSON_TYPE "Content-Encoding: br\r\n", "{}", 415, told);
	batches_expect("/ingest/typed/batch",
	    NDJSON_TYPE "Content-Encoding: br\r\n", "{}", 415,
	    "\r\nAccept-Encoding: gzip, deflate\r\n");
	/* NDJSON is for batches alone. */
	batches_expect("/ingest/typed", NDJSON_TYPE, "{}", 415,
	    "\r\nAccept-Post: application/json, application/cloudevents+json"
	    "\r\n");
	batches_expect("/ingest/Typed/batch", NDJSON_TYPE, "{}", 422,
	    "A service is named by");
	assert_int_equal(batches_events("typed"), 0);
}

/* Seconds from now as RFC 3339, for a query. */
static const char *
at(int seconds)
{
	static char text[32];
	time_t when = time(NULL) + seconds;
	struct tm tm;

	gmtime_r(&when, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return text;
}

static void
timestamp__given__the_events_time_and_nothing_else(void **state)
{
	char target[128];
	struct answer a = batches_send(
	    "/ingest/timed/batch?timestamp=2021-02-03T04:05:06.5%2B01:00",
	    NDJSON_TYPE, "{}\n{}");
	char single[64];

	(void)state;
	batches_assert(&a, 200, 2, 0, 0);
	t_expect(batches_stack.url, "2",
	    "SELECT count(*) FROM events WHERE service = 'timed' AND own_time"
	    " AND timestamp = '2021-02-03T03:05:06.5Z'");
	snprintf(single, sizeof(single), "/events/%s", a.results[1].id);
	batches_free(&a);
	http_expect(batches_stack.port, "GET", single, "", NULL, 200,
	    "\"timestamp\":\"2021-02-03T03:05:06.5");
	/* id and created_at stay the receipt's. */
	http_expect(batches_stack.port, "GET",
	    "/events?service=timed&since=2021-02-04T00:00:00Z", "", NULL, 200,
	    "2021-02-03T");
	t_expect(batches_stack.url, "t",
	    "SELECT bool_and(now() - created_at < interval '1 min') FROM events"
	    " WHERE service = 'timed'");
	snprintf(target, sizeof(target), "/ingest/timed/batch?timestamp=%s",
	    at(240));
	expect_answer(target, NDJSON_TYPE, "{}", 200, "1 0 0");
	snprintf(target, sizeof(target), "/ingest/timed/batch?timestamp=%s",
	    at(360));
	batches_expect(
	    target, NDJSON_TYPE, "{}", 422, J("'loc':['query','timestamp']"));
	batches_expect("/ingest/timed/batch?timestamp=noon", NDJSON_TYPE, "{}",
	    422, "datetime_parsing");
	assert_int_equal(batches_events("timed"), 3);
	assert_int_equal(batches_refused("timed"), 0);
}

/* Each responder tries the database again after a while. */
static bool
is_stored_whole(void *arg)
{
	struct http h = http_send(batches_stack.port, "POST",
	    "/ingest/energy/batch", KEY("gone"), "{}\n[]\n{}");
	bool is = strstr(h.body,
		      "{\"stored\":2,\"duplicate\":0,"
		      "\"rejected\":1,") == h.body;

	(void)arg;
	assert_true(is || h.status == 503);
	http_free(&h);
	return is;
}

/* Nobody could keep the bad ones, so that the sender must keep them all. */
static void
database__gone__503_for_the_whole_batch(void **state)
{
	char *name = t_sql(batches_stack.url, "SELECT current_database()");
	const char *cluster = getenv("TEST_DATABASE_URL");

	(void)state;
	t_exec(cluster, "ALTER DATABASE \"%s\" ALLOW_CONNECTIONS false", name);
	t_exec(cluster,
	    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
	    "WHERE datname = '%s'",
	    name);
	batches_expect("/ingest/energy/batch", KEY("gone"), "{}\n[]\n{}", 503,
	    "\r\n\r\n{\"detail\":\"The database is not available.");
	batches_expect("/ingest/energy/batch", KEY("gone"), "[]", 503,
	    "\r\nRetry-After: ");
	t_exec(cluster, "ALTER DATABASE \"%s\" ALLOW_CONNECTIONS true", name);
	free(name);
	stack_wait(is_stored_whole, NULL, "the batch is stored");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(batch__any_form__its_events_stored),
	cmocka_unit_test(batch__without_events__200_and_no_results),
	cmocka_unit_test(line__broken__fails_alone_and_is_kept),
	cmocka_unit_test(array__broken__422_and_nothing_stored_or_kept),
	cmocka_unit_test(atomic__one_bad__422_and_nothing_stored_or_kept),
	cmocka_unit_test(key__of_a_batch__each_event_has_it_with_its_index),
	cmocka_unit_test(
	    atomic__key_used_with_another_body__422_and_nothing_stored),
	cmocka_unit_test(minimal__preferred__only_what_was_not_stored),
	cmocka_unit_test(
	    content_type__any_other__415_that_names_those_that_fit),
	cmocka_unit_test(timestamp__given__the_events_time_and_nothing_else),
	cmocka_unit_test(database__gone__503_for_the_whole_batch),
};

T_MAIN_WITH(tests, batches_open, batches_close)
