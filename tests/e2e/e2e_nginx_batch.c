/*
 * Batches through Debian's nginx, set up by tests/stock-nginx as
 * nginx/README.md says: their limit, their settings, and errors as elsewhere.
 */
#include "t.h"

#include <string.h>

#include "http.h"
#include "request.h"
#include "stack.h"
#include "stock.h"

#define NDJSON "Content-Type: application/x-ndjson\r\n"
#define PROBLEM "Accept: application/problem+json\r\n"

static struct stack s;

static void
expect(const struct stock *o, const char *method, const char *target,
    const char *headers, const char *body, int status, const char *text)
{
	http_expect(o->port, method, target, headers, body, status, text);
}

/* The names of an answer's headers, each with its value if it is told. */
static void
read_headers(int port, const char *method, const char *target,
    const char *headers, const char *body, int status, char out[2048])
{
	struct http h = http_send(port, method, target, headers, body);
	const char *line = strstr(h.raw, "\r\n");
	size_t n = 0;

	if (h.status != status)
		fail_msg("%s %s: wanted %d, got %.600s", method, target, status,
		    h.raw);
	for (; line != NULL && line + 4 < h.body; line = strstr(line, "\r\n")) {
		line += 2;
		n += (size_t)snprintf(
		    out + n, 2048 - n, "%.*s\n", (int)strcspn(line, ":"), line);
	}
	http_free(&h);
}

/* Of our own nginx and of Debian's, a batch and a single event. */
static void
answers__of_a_batch__have_the_headers_of_a_single_event(void **state)
{
	static const struct {
		const char *method, *headers, *body, *single, *batch;
		int status;
	} rows[] = {
		{ "POST", NDJSON, "{}", "", "/batch", 200 },
		{ "POST", NDJSON "Content-Encoding: br\r\n", "{}", "", "/batch",
		    415 },
		{ "GET", "", NULL, "", "/batch", 405 },
		{ "GET", PROBLEM, NULL, "", "/batch", 405 },
		{ "POST", NDJSON, "{}", "?dedupe_key=%0a",
		    "/batch?dedupe_key=%0a", 422 },
		{ "POST", NDJSON, "{}", "?%", "/batch?%", 400 },
		{ "POST", NDJSON, "{}", "/%2e", "/batch/%2e", 404 },
		{ "TRACE", "", NULL, "", "/batch", 405 },
		{ "OPTIONS", "", NULL, "", "/batch", 204 },
	};
	char single[2048], batch[2048], at[64];
	struct stock o;
	size_t i, k;

	(void)state;
	stock_start(&o, &s, "", "");
	for (i = 0; i < 2 * sizeof(rows) / sizeof(*rows); i++) {
		k = i / 2;
		snprintf(at, sizeof(at), "/ingest/noise%s", rows[k].single);
		/* Single events are no NDJSON. */
		read_headers(i % 2 ? s.port : o.port, rows[k].method, at,
		    *rows[k].headers == 'C' ? strstr(rows[k].headers, "\n") + 1
					    : rows[k].headers,
		    rows[k].body, rows[k].status, single);
		snprintf(at, sizeof(at), "/ingest/noise%s", rows[k].batch);
		read_headers(i % 2 ? s.port : o.port, rows[k].method, at,
		    rows[k].headers, rows[k].body, rows[k].status, batch);
		if (strcmp(single, batch) != 0)
			fail_msg(
			    "%s %s\n%s\n%s", rows[k].method, at, single, batch);
	}
	stock_stop(&o);
}

static void
path__that_nginx_and_pool_could_read_differently__404(void **state)
{
	static const char *const odd[] = { "/ingest/..%2fingest/noise/batch",
		"/ingest//batch", "/ingest/noise//batch",
		"/ingest/./noise/batch", "/ingest/noise/%2e/batch",
		"/ingest/noise%2fbatch", "/ingest/noise/batch%2f",
		"/ingest/noise/x/../batch", "/ingest/noise/batch/",
		"/ingest/noise/batch/batch", "/ingest/noise/batch%0a",
		"/ingest/noise/Batch", "/ingest/a%5cb/batch", "/batch" };
	struct stock o;
	size_t i;

	(void)state;
	stock_start(&o, &s, "", "");
	for (i = 0; i < sizeof(odd) / sizeof(*odd); i++) {
		expect(&o, "POST", odd[i], NDJSON, "{}", 404,
		    i + 1 < sizeof(odd) / sizeof(*odd) ? "{\"detail\":"
						       : "<html>");
		if (i + 1 < sizeof(odd) / sizeof(*odd))
			expect(&o, "POST", odd[i], NDJSON PROBLEM, "{}", 404,
			    J("{'type':'about:blank','title':'Not Found'"));
	}
	assert_int_equal(t_number(s.url,
			     "SELECT count(*) FROM events WHERE service <> "
			     "'noise' OR payload::text <> '{}'"),
	    0);
	expect(&o, "POST", "/ingest/no%69se/batch", NDJSON, "{}", 422,
	    "A service is named by");
	stock_stop(&o);
}

static void
body__larger_than_nginx_allows__413_with_the_limit(void **state)
{
	char *body = malloc(BATCH_MAX + 2);
	struct stock o;

	(void)state;
	assert_non_null(body);
	memset(body, '\n', BATCH_MAX + 1);
	body[BATCH_MAX + 1] = '\0';
	stock_start(&o, &s, "", "");
	expect(&o, "POST", "/ingest/noise/batch?atomic=true", NDJSON, body, 413,
	    J("{'detail':'Request body must not be larger than 16 MiB'}"));
	expect(&o, "POST", "/ingest/noise/batch", NDJSON PROBLEM, body, 413,
	    J("'detail':'Request body must not be larger than 16 MiB'"));
	/* All other paths keep theirs. */
	body[BODY_MAX + 1] = '\0';
	expect(&o, "POST", "/ingest/noise", "", body, 413,
	    J("{'detail':'Request body must not be larger than 1 MiB'}"));
	expect(&o, "POST", "/ingest/noise/batch/x", "", body, 413,
	    J("{'detail':'Request body must not be larger than 1 MiB'}"));
	expect(&o, "POST", "/ingest/noise/batch", NDJSON, body, 200,
	    "\"stored\":0");
	stock_stop(&o);
	free(body);
}

/* THRESHOLD_KWH is 650 there, 500 for the pool. */
static void
settings__of_a_location__hold_for_its_batches(void **state)
{
	static const char reading[] = "{\"energy\":600,\"neighborhood\":\"n\"}",
			  more[] = "{\"energy\":700,\"neighborhood\":\"n\"}";
	struct stock o;

	(void)state;
	stock_start(&o, &s, "Settings for batches", "");
	expect(&o, "POST", "/ingest/energy/batch", NDJSON, reading, 200,
	    "\"derived_events\":[]");
	expect(&o, "POST", "/ingest/energy", "", reading, 200,
	    "\"derived_events\":[]");
	expect(&o, "POST", "/ingest/energy/batch", NDJSON, more, 200,
	    "\"derived_events\":[\"");
	expect(&o, "POST", "/ingest/energy", "", more, 200,
	    "\"derived_events\":[\"");
	expect(&o, "POST", "/ingest/energy/batch?%", NDJSON, more, 400,
	    "{\"detail\":");
	expect(&o, "POST", "/ingest/energy//batch", NDJSON, more, 404,
	    "{\"detail\":");
	stock_stop(&o);
	/* Without them the pool's own holds. */
	http_expect(s.port, "POST", "/ingest/energy/batch", NDJSON,
	    "{\"energy\":600,\"neighborhood\":\"o\"}", 200,
	    "\"derived_events\":[\"");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(
	    answers__of_a_batch__have_the_headers_of_a_single_event),
	cmocka_unit_test(path__that_nginx_and_pool_could_read_differently__404),
	cmocka_unit_test(body__larger_than_nginx_allows__413_with_the_limit),
	cmocka_unit_test(settings__of_a_location__hold_for_its_batches),
};

STACK_MAIN(tests, s, "SMARTCITY_PROCESSES=2")
