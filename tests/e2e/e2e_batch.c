/*
 * Large batches, and the same batch again and at the same time. What a batch
 * may look like: e2e_batch_items.c.
 */
#include "t.h"

#include <pthread.h>
#include <string.h>

#include "batch.h"
#include "batches.h"
#include "compress.h"
#include "request.h"

#define K(key) NDJSON_TYPE "Idempotency-Key: " key "\r\n"

enum {
	BAD_EACH = 100
};

/* Every hundredth of them is bad. */
static struct buf
readings(int n)
{
	struct buf out;
	int i;

	buf_init(&out, BATCH_MAX);
	for (i = 0; i < n; i++)
		buf_printf(&out, "{\"bus_id\":%s%d,\"lat\":%d.25}\n",
		    i % BAD_EACH == 7 ? "0.5" : "", i, i % 90);
	assert_false(out.failed);
	return out;
}

static void
batch__10000_with_100_bad__each_answered_in_its_place(void **state)
{
	struct buf body = readings(BATCH_EVENTS);
	struct answer a =
	    batches_send("/ingest/transport/batch", NDJSON_TYPE, body.data);
	const struct result *r;
	char wanted[64];
	int i;

	(void)state;
	batches_assert(&a, 200, 9900, 0, 100);
	assert_int_equal(a.n, BATCH_EVENTS);
	for (i = 0; i < a.n; i++) {
		r = &a.results[i];
		assert_int_equal(r->index, i);
		if (i % BAD_EACH != 7) {
			assert_int_equal(r->status, 200);
			assert_true(i == 0 || strcmp(r->id, r[-1].id) > 0 ||
			    r[-1].status != 200);
			continue;
		}
		assert_int_equal(r->status, 422);
		snprintf(wanted, sizeof(wanted), "\"input\":0.5%d}", i);
		assert_non_null(strstr(r->detail, wanted));
		assert_non_null(
		    strstr(r->detail, J("'loc':['body','bus_id']")));
	}
	assert_int_equal(batches_events("transport"), 9900);
	/* Each is stored under its own id, and each bad one is kept. */
	assert_int_equal(t_number(batches_stack.url,
			     "SELECT count(*) FROM events WHERE id = '%s' AND "
			     "payload->>'bus_id' = '4999'",
			     a.results[4999].id),
	    1);
	t_expect(batches_stack.url, "100 100 100",
	    "SELECT concat_ws(' ', count(*),"
	    " count(DISTINCT convert_from(body, 'UTF8')),"
	    " sum(json_array_length(reasons))) FROM rejected_events");
	batches_expect(
	    "/ingest/transport/batch", NDJSON_TYPE, "{}", 200, "\"stored\":1");
	batches_free(&a);
	buf_free(&body);
}

static void
assert_same_ids(const struct answer *a, const struct answer *b)
{
	int i;

	assert_int_equal(a->n, b->n);
	for (i = 0; i < a->n; i++) {
		assert_int_equal(a->results[i].status, b->results[i].status);
		assert_string_equal(a->results[i].id, b->results[i].id);
		assert_int_equal(
		    a->results[i].derived_count, b->results[i].derived_count);
		assert_memory_equal(a->results[i].derived,
		    b->results[i].derived, sizeof(a->results[i].derived));
	}
}

static void
batch__again_under_its_key__the_same_answer_and_nothing_new(void **state)
{
	static const char target[] = "/ingest/again/batch";
	struct buf body = batches_lines(BATCH_EVENTS, "{\"n\":%d}");
	struct answer first, second;

	(void)state;
	first = batches_send(target, K("day 1"), body.data);
	batches_assert(&first, 200, BATCH_EVENTS, 0, 0);
	second = batches_send(target, K("day 1"), body.data);
	batches_assert(&second, 200, 0, BATCH_EVENTS, 0);
	assert_same_ids(&first, &second);
	assert_int_equal(batches_events("again"), BATCH_EVENTS);
	/* Item i has the key K/i, which a single request can name. */
	http_expect(batches_stack.port, "POST",
	    "/ingest/again?dedupe_key=day%201/9999", JSON_TYPE, "{\"n\":9999}",
	    200, first.results[9999].id);
	batches_free(&first);
	batches_free(&second);
	buf_free(&body);
}

static void *
send_twin(void *arg)
{
	struct buf body = batches_lines(BATCH_EVENTS / 5, "{\"twin\":%d}");
	struct answer *a = arg;

	*a = batches_send("/ingest/twins/batch", K("twin"), body.data);
	buf_free(&body);
	return NULL;
}

static void
batches__identical_at_once__each_event_stored_once(void **state)
{
	struct answer answers[3];
	pthread_t threads[3];
	long long stored = 0;
	int i;

	(void)state;
	for (i = 0; i < 3; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, send_twin, &answers[i]),
		    0);
	for (i = 0; i < 3; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	for (i = 0; i < 3; i++) {
		assert_int_equal(answers[i].status, 200);
		assert_int_equal(
		    answers[i].stored + answers[i].duplicate, BATCH_EVENTS / 5);
		assert_same_ids(&answers[i], &answers[0]);
		stored += answers[i].stored;
	}
	assert_int_equal(stored, BATCH_EVENTS / 5);
	assert_int_equal(batches_events("twins"), BATCH_EVENTS / 5);
	for (i = 0; i < 3; i++)
		batches_free(&answers[i]);
}

static void
batch__ten_emergencies_of_a_patient__one_dispatch(void **state)
{
	struct buf body = batches_lines(
	    10, "{\"patient_id\":77,\"alert\":\"emergency\",\"pulse\":%d}");
	struct answer a =
	    batches_send("/ingest/health/batch", NDJSON_TYPE, body.data);
	int i;

	(void)state;
	batches_assert(&a, 200, 10, 0, 0);
	for (i = 0; i < 10; i++) {
		assert_int_equal(a.results[i].derived_count, 2);
		assert_memory_equal(a.results[i].derived, a.results[0].derived,
		    sizeof(a.results[0].derived));
	}
	t_expect(batches_stack.url, "security transport",
	    "SELECT string_agg(service, ' ' ORDER BY service) FROM events "
	    "WHERE deduplication_key = 'health_emergency_77'");
	t_expect(batches_stack.url, "10 10",
	    "SELECT string_agg(occurrences::text, ' ') FROM incidents "
	    "WHERE key = 'health_emergency_77'");
	batches_free(&a);
	buf_free(&body);
}

static void
batch__one_event_too_many__413_and_nothing_stored(void **state)
{
	struct buf body = batches_lines(BATCH_EVENTS + 1, "{\"n\":%d}");

	(void)state;
	batches_expect("/ingest/many/batch", NDJSON_TYPE, body.data, 413,
	    J("{'detail':'The batch has more than 10000 events'}"));
	/* Bad ones count too. */
	buf_free(&body);
	body = batches_lines(BATCH_EVENTS + 1, "%d");
	batches_expect("/ingest/many/batch", NDJSON_TYPE, body.data, 413,
	    "more than 10000 events");
	buf_free(&body);
	assert_int_equal(batches_events("many"), 0);
	assert_int_equal(batches_refused("many"), 0);
}

/* A line that is an event of exactly this many bytes, and a newline. */
static void
put_line(struct buf *out, size_t bytes)
{
	static const char head[] = "{\"a\":\"", tail[] = "\"}\n";
	size_t i;

	buf_puts(out, head);
	for (i = strlen(head) + strlen(tail) - 1; i < bytes; i++)
		buf_putc(out, 'x');
	buf_puts(out, tail);
}

static void
event__over_1_mib__413_alone_and_the_others_stored(void **state)
{
	struct answer a;
	struct buf body;

	(void)state;
	buf_init(&body, BATCH_MAX);
	put_line(&body, BODY_MAX);
	put_line(&body, BODY_MAX + 1);
	put_line(&body, 100);
	a = batches_send("/ingest/long/batch", NDJSON_TYPE, body.data);
	batches_assert(&a, 200, 2, 0, 1);
	assert_int_equal(a.results[0].status, 200);
	assert_int_equal(a.results[1].status, 413);
	assert_string_equal(
	    a.results[1].detail, J("'The event is longer than 1 MiB'"));
	assert_int_equal(a.results[2].status, 200);
	/* As after a single request, a body of that size is not kept. */
	assert_int_equal(batches_events("long"), 2);
	assert_int_equal(batches_refused("long"), 0);
	batches_free(&a);
	buf_free(&body);
}

/* The last event of a body of just 16 MiB is stored. */
static void
body__of_16_mib__stored_a_byte_more_413_from_nginx(void **state)
{
	struct buf body;
	struct http h;
	int i;

	(void)state;
	buf_init(&body, BATCH_MAX + 64);
	for (i = 0; i < 16; i++)
		put_line(&body, BODY_MAX - 1);
	assert_int_equal(body.len, BATCH_MAX);
	h = batches_post(
	    "/ingest/huge/batch", NDJSON_TYPE, body.data, body.len);
	if (h.status != 200 || strstr(h.body, "{\"stored\":16,") == NULL)
		fail_msg("%.600s", h.raw);
	http_free(&h);
	buf_putc(&body, '\n');
	h = batches_post(
	    "/ingest/huge/batch", NDJSON_TYPE, body.data, body.len);
	assert_int_equal(h.status, 413);
	assert_string_equal(h.body,
	    J("{'detail':'Request body must not be larger than 16 MiB'}\n"));
	http_free(&h);
	h = batches_post("/ingest/huge/batch?atomic=true",
	    NDJSON_TYPE "Accept: application/problem+json\r\n", body.data,
	    body.len);
	assert_int_equal(h.status, 413);
	assert_non_null(strstr(h.body, J("'status':413,")));
	http_free(&h);
	assert_int_equal(batches_events("huge"), 16);
	buf_free(&body);
}

static void
body__compressed__both_limits_hold_afterwards(void **state)
{
	static const char gzip[] = NDJSON_TYPE "Content-Encoding: gzip\r\n";
	struct buf body = batches_lines(BATCH_EVENTS, "{\"zipped\":%d}"), out;
	struct http h;

	(void)state;
	buf_init(&out, BATCH_MAX);
	compress_put(&out, COMPRESS_GZIP, body.data, body.len);
	assert_true(out.len < body.len / 4);
	h = batches_post("/ingest/zipped/batch", gzip, out.data, out.len);
	if (h.status != 200 || strstr(h.body, "{\"stored\":10000,") == NULL)
		fail_msg("%.600s", h.raw);
	http_free(&h);
	buf_reset(&out);
	compress_zeros(&out, COMPRESS_GZIP, 17);
	h = batches_post("/ingest/zipped/batch", gzip, out.data, out.len);
	assert_int_equal(h.status, 413);
	assert_string_equal(
	    h.body, J("{'detail':'The body is longer than 16777216 bytes'}"));
	http_free(&h);
	h = batches_post("/ingest/zipped/batch", gzip, out.data, out.len - 9);
	assert_int_equal(h.status, 413);
	http_free(&h);
	h = batches_post("/ingest/zipped/batch", gzip, body.data, 100);
	assert_int_equal(h.status, 400);
	http_free(&h);
	assert_int_equal(batches_events("zipped"), BATCH_EVENTS);
	buf_free(&body);
	buf_free(&out);
}

/* The value of the first sample whose line begins so; -1: there is none. */
static double
metric(const char *begin)
{
	struct http h = http_get(batches_stack.port, "/metrics");
	const char *line = strstr(h.body, begin);
	double value = line != NULL ? strtod(line + strlen(begin), NULL) : -1;

	http_free(&h);
	return value;
}

#define OF(outcome)                                                            \
	"\nsmartcity_batch_events_total{service=\"energy\",outcome=\"" outcome \
	"\"} "

static void
metrics__after_batches__count_their_events_and_commits(void **state)
{
	static const char sum[] = "\nsmartcity_commit_events_sum ",
			  count[] = "\nsmartcity_commit_events_count ",
			  body[] = "{}\n{\"energy\":[]}\n{\"energy\":1}";
	double events = metric(sum), commits = metric(count);

	(void)state;
	assert_true(metric(OF("stored")) <= 0);
	batches_expect("/ingest/energy/batch", K("m"), body, 200, "results");
	assert_true(metric(sum) == events + 2);
	assert_true(metric(count) == commits + 1);
	batches_expect("/ingest/energy/batch", K("m"), body, 200, "results");
	assert_true(metric(sum) == events + 2);
	batches_expect("/ingest/energy/batch?atomic=true", NDJSON_TYPE, body,
	    422, "results");
	assert_true(metric(OF("stored")) == 2);
	assert_true(metric(OF("duplicate")) == 2);
	assert_true(metric(OF("rejected")) == 2);
	/* Nothing of a batch that was to be stored whole or not at all. */
	assert_true(metric(OF("refused")) == 3);
	assert_true(metric("\nsmartcity_commit_events_bucket{le=\"16384\"} ") ==
	    commits + 1);
}

/* So that the answer stays below the limit of 32 MiB, after the commit. */
static void
faults__more_than_an_answer_holds__told_in_brief(void **state)
{
	static const char brief[] =
	    "\"Its faults do not fit into this answer; alone, it would be "
	    "answered with all of them\"";
	char event[3300];
	struct answer a;
	struct buf body;

	(void)state;
	snprintf(event, sizeof(event),
	    "{\"patient_id\":\"x%01000d\",\"alert\":[\"%01000d\"],"
	    "\"location\":[\"%01000d\"],\"n\":%%d}",
	    0, 0, 0);
	body = batches_lines(5000, event);
	a = batches_send("/ingest/health/batch", NDJSON_TYPE, body.data);
	batches_assert(&a, 200, 0, 0, 5000);
	assert_non_null(strstr(a.results[2000].detail, "int_parsing"));
	assert_string_equal(a.results[4999].detail, brief);
	/* All are kept in full. */
	assert_int_equal(
	    t_number(batches_stack.url,
		"SELECT count(*) FROM rejected_events WHERE service = 'health'"
		" AND json_array_length(reasons) = 3"),
	    5000);
	batches_free(&a);
	buf_free(&body);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(batch__10000_with_100_bad__each_answered_in_its_place),
	cmocka_unit_test(
	    batch__again_under_its_key__the_same_answer_and_nothing_new),
	cmocka_unit_test(batches__identical_at_once__each_event_stored_once),
	cmocka_unit_test(batch__ten_emergencies_of_a_patient__one_dispatch),
	cmocka_unit_test(batch__one_event_too_many__413_and_nothing_stored),
	cmocka_unit_test(event__over_1_mib__413_alone_and_the_others_stored),
	cmocka_unit_test(body__of_16_mib__stored_a_byte_more_413_from_nginx),
	cmocka_unit_test(body__compressed__both_limits_hold_afterwards),
	cmocka_unit_test(faults__more_than_an_answer_holds__told_in_brief),
	cmocka_unit_test(
	    metrics__after_batches__count_their_events_and_commits),
};

T_MAIN_WITH(tests, batches_open, batches_close)
