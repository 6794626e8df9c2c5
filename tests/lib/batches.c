#include "batches.h"

#include <string.h>

#include "json.h"

enum {
	REQUEST_MAX = 64 << 20
};

struct stack batches_stack;

int
batches_open(void **state)
{
	/* With sanitizers, and other tests beside it, to store 16 MiB can take
	 * the database more than the usual two seconds. */
	static const char *const settings[] = { "SMARTCITY_PROCESSES=4",
		"SMARTCITY_DB_TIMEOUT_MS=20000", NULL };

	(void)state;
	stack_start(&batches_stack, settings);
	return 0;
}

int
batches_close(void **state)
{
	(void)state;
	stack_stop(&batches_stack);
	return 0;
}

struct http
batches_post(
    const char *target, const char *headers, const char *body, size_t len)
{
	struct buf request;
	struct http h;

	buf_init(&request, REQUEST_MAX);
	buf_printf(&request,
	    "POST %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
	    "Content-Length: %zu\r\n%s\r\n",
	    target, len, headers);
	buf_put(&request, body, len);
	assert_false(request.failed);
	h = http_raw(batches_stack.port, request.data, request.len);
	buf_free(&request);
	return h;
}

static long long
number(const struct cJSON *object, const char *name)
{
	const struct cJSON *v = json_member(object, name);
	size_t len;

	assert_non_null(v);
	return strtoll(json_number(v, &len), NULL, 10);
}

static char *
text_of(const struct cJSON *value)
{
	struct buf out;

	buf_init(&out, REQUEST_MAX);
	json_write(&out, value);
	assert_false(out.failed);
	return out.data;
}

static void
read_result(struct result *r, const struct cJSON *v)
{
	const struct cJSON *id = json_member(v, "stored_event_id"),
			   *detail = json_member(v, "detail"), *derived;

	*r = (struct result){ .index = (int)number(v, "index"),
		.status = (int)number(v, "status") };
	if (detail != NULL)
		r->detail = text_of(detail);
	if (id == NULL)
		return;
	snprintf(r->id, sizeof(r->id), "%s", json_string(id));
	derived = json_member(v, "derived_events");
	assert_non_null(derived);
	for (derived = json_first(derived); derived != NULL;
	     derived = json_next(derived), r->derived_count++)
		if (r->derived_count < 2)
			snprintf(r->derived[r->derived_count],
			    sizeof(r->derived[0]), "%s", json_string(derived));
}

static struct answer
read_answer(const struct http *h)
{
	struct answer a = { .status = h->status };
	const struct cJSON *root, *v;
	struct scan_error error;
	struct json *document;

	if (json_parse(h->body, h->body_len, &document, &error) != STATUS_OK)
		fail_msg("not JSON (%s): %.600s", error.reason, h->raw);
	root = json_root(document);
	if (json_member(root, "results") == NULL)
		fail_msg("no results: %.600s", h->raw);
	a.stored = number(root, "stored");
	a.duplicate = number(root, "duplicate");
	a.rejected = number(root, "rejected");
	v = json_first(json_member(root, "results"));
	for (; v != NULL; v = json_next(v))
		a.n++;
	a.results = calloc((size_t)a.n + 1, sizeof(*a.results));
	assert_non_null(a.results);
	v = json_first(json_member(root, "results"));
	for (a.n = 0; v != NULL; v = json_next(v))
		read_result(&a.results[a.n++], v);
	json_free(document);
	return a;
}

struct answer
batches_send(const char *target, const char *headers, const char *body)
{
	struct http h = batches_post(target, headers, body, strlen(body));
	struct answer a = read_answer(&h);

	http_free(&h);
	return a;
}

void
batches_assert(const struct answer *a, int status, long long stored,
    long long duplicate, long long rejected)
{
	if (a->status != status || a->stored != stored ||
	    a->duplicate != duplicate || a->rejected != rejected)
		fail_msg("%d: stored %lld, duplicate %lld, rejected %lld; %s",
		    a->status, a->stored, a->duplicate, a->rejected,
		    a->n > 0 && a->results[0].detail ? a->results[0].detail
						     : "");
}

void
batches_free(struct answer *a)
{
	while (a->n > 0)
		free(a->results[--a->n].detail);
	free(a->results);
}

struct buf
batches_lines(int n, const char *event)
{
	const char *number = strstr(event, "%d");
	struct buf out;
	int i;

	buf_init(&out, REQUEST_MAX);
	for (i = 0; i < n; i++)
		buf_printf(&out, "%.*s%d%s\n", (int)(number - event), event, i,
		    number + 2);
	assert_false(out.failed);
	return out;
}

void
batches_expect(const char *target, const char *headers, const char *body,
    int status, const char *text)
{
	struct http h = batches_post(target, headers, body, strlen(body));

	if (h.status != status || strstr(h.raw, text) == NULL)
		fail_msg("%s %s: wanted %d with %s, got\n%.900s", target,
		    headers, status, text, h.raw);
	http_free(&h);
}

long long
batches_events(const char *service)
{
	return t_number(batches_stack.url,
	    "SELECT count(*) FROM events WHERE service = '%s'", service);
}

long long
batches_refused(const char *service)
{
	return t_number(batches_stack.url,
	    "SELECT count(*) FROM rejected_events WHERE service = '%s'",
	    service);
}
