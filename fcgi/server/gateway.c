#include "gateway.h"

#include <malloc.h>
#include <string.h>

#include "body.h"
#include "clock.h"
#include "db.h"
#include "head.h"
#include "log.h"
#include "phrase.h"
#include "problem.h"
#include "score.h"
#include "served.h"

/* The headers of an answer that a listed page may read. */
#define EXPOSED                                                                \
	"Accept-Encoding, Accept-Post, Allow, ETag, Idempotent-Replayed, "     \
	"Link, Location, Preference-Applied, Retry-After, X-Request-Id"

enum {
	CHUNK = 64 << 10,
	URI_MAX = 1 << 20,
	HEAD_MAX = 64 << 10,
	LENGTH_DIGITS = 18,
	TOGETHER_MAX = 64 << 10,
	KEEP_MAX = 64 << 10, /* most bodies are smaller */
	SHORT_MAX =
	    16 << 10, /* that read and parse in well under a millisecond */
};

/* How a body came. */
enum arrival {
	WHOLE,
	TOO_SHORT,
	TOO_LONG,
	BAD_LENGTH,
	OUT_OF_MEMORY,
	MISCONFIGURED,
	CUT, /* the client left; it gets no answer */
};

/* Accepts only digits; absent and "" (nginx's spelling of absent) are 0. */
static bool
parse_length(const char *s, unsigned long long *out)
{
	size_t i, n = s == NULL ? 0 : strlen(s);

	*out = 0;
	if (n > LENGTH_DIGITS)
		return false;
	for (i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
		*out = *out * 10 + (unsigned long long)(s[i] - '0');
	}
	return true;
}

/* Keeps body->max bytes at most; further bytes are read and dropped. */
static enum arrival
read_body(const struct gateway *g, const char *content_length,
    struct request *q, struct buf *body)
{
	static char chunk[CHUNK];
	unsigned long long announced, got = 0;
	bool good;
	size_t n;

	good = parse_length(content_length, &announced);
	while ((n = g->read(g->arg, chunk, sizeof(chunk))) > 0) {
		got += n;
		if (got <= body->max)
			buf_put(body, chunk, n);
	}
	if (g->failed(g->arg))
		return CUT;
	if (!good)
		return BAD_LENGTH;
	if (got != announced)
		return got < announced ? TOO_SHORT : TOO_LONG;
	if (body->failed)
		return OUT_OF_MEMORY;
	q->body_too_large = got > body->max;
	if (q->body_too_large)
		buf_reset(body);
	q->body = body->data;
	q->body_len = body->len;
	return WHOLE;
}

/* Not by buf_printf(), which takes longer than everything else here. */
static void
put_head(struct buf *head, const struct response *r, const char *reader)
{
	buf_puts(head, "Status: ");
	buf_put_number(head, (unsigned long)r->status);
	buf_putc(head, ' ');
	buf_puts(head, phrase(r->status));
	if (r->status != 204 && r->status != 304) {
		buf_puts(head, "\r\nContent-Type: ");
		buf_puts(head,
		    r->content_type ? r->content_type : "application/json");
		buf_puts(head, "\r\nContent-Length: ");
		buf_put_number(head, r->body.len);
	}
	buf_puts(head, "\r\nCache-Control: ");
	buf_puts(
	    head, r->cache_control != NULL ? r->cache_control : "no-store");
	buf_puts(head, "\r\nX-Content-Type-Options: nosniff\r\n");
	if (reader != NULL)
		buf_printf(head,
		    "Access-Control-Allow-Origin: %s\r\n"
		    "Access-Control-Allow-Credentials: true\r\n"
		    "Access-Control-Expose-Headers: " EXPOSED "\r\n"
		    "Vary: Origin\r\n",
		    reader);
	buf_put(head, r->headers.data, r->headers.len);
	buf_puts(head, "\r\n");
}

/* Writes once if the body is small, as most are. */
static void
write_response(
    const struct gateway *g, const struct request *q, const struct response *r)
{
	bool body = strcmp(q->method, "HEAD") != 0 && r->status != 204 &&
	    r->status != 304;
	struct buf head;

	buf_init(&head, HEAD_MAX + TOGETHER_MAX);
	put_head(&head, r, q->reader);
	if (body && r->body.len <= TOGETHER_MAX) {
		buf_put(&head, r->body.data, r->body.len);
		body = false;
	}
	/* Half a response would be taken for a whole one. */
	if (head.failed) {
		log_error("gateway: no memory for a response");
	} else {
		g->write(g->arg, head.data, head.len);
		if (body)
			g->write(g->arg, r->body.data, r->body.len);
	}
	buf_free(&head);
}

/* Reads the location's settings. */
static enum status
configure(
    const struct context *context, struct head *head, struct business *business)
{
	enum status status;
	char error[256];

	*business = context->config->business;
	status = config_override(business, head_param, head, error);
	log_level((enum log_level)business->log_level);
	if (status != STATUS_OK)
		log_error("gateway: fastcgi_param %s", error);
	return status;
}

static void
refuse(struct exchange *x)
{
	static const char *const details[] = {
		[TOO_SHORT] = "The body is shorter than its Content-Length",
		[TOO_LONG] = "The body is longer than its Content-Length",
		[BAD_LENGTH] = "Content-Length is not a number",
		[OUT_OF_MEMORY] = "Out of memory",
		[MISCONFIGURED] = "The server is misconfigured",
	};

	problem_write(&x->request, &x->response,
	    x->arrival >= OUT_OF_MEMORY ? 500 : 400, "%s", details[x->arrival]);
}

/* Makes a buffer empty; what a large request took goes back to the kernel. */
static void
empty(struct buf *b)
{
	buf_reset(b);
	if (b->cap > KEEP_MAX) {
		buf_free(b);
		malloc_trim(0);
	}
}

/* A zeroed exchange is new; any other has empty buffers. */
static void
open_exchange(struct exchange *x, const struct gateway *g)
{
	if (x->uri.max == 0) {
		buf_init(&x->uri, URI_MAX);
		buf_init(&x->body, BODY_MAX);
		buf_init(&x->plain, BODY_MAX);
	}
	x->gateway = g;
	x->ingest = NULL;
	x->request = (struct request){ 0 };
	response_init(&x->response);
}

void
gateway_read(
    const struct context *context, struct exchange *x, const struct gateway *g)
{
	struct request *q = &x->request;
	enum arrival arrival;
	enum status status;
	struct head head;
	const char *content_length;

	open_exchange(x, g);
	head_open(&head, g->params);
	head_read(q, &head, context->config, &x->uri);
	content_length = head_param(&head, "CONTENT_LENGTH");
	served_begin(&x->served, q);
	score_begin(&x->scored, q->method, q->path, q->query, content_length);
	status = configure(context, &head, &q->business);
	q->body_max = context->routing->body_max(q);
	x->body.max = x->plain.max = q->body_max;
	arrival = read_body(g, content_length, q, &x->body);
	if (arrival == WHOLE && body_decompress(q, &x->plain) != STATUS_OK)
		arrival = OUT_OF_MEMORY;
	if (x->uri.failed && arrival != CUT)
		arrival = OUT_OF_MEMORY;
	if (status != STATUS_OK && arrival == WHOLE)
		arrival = MISCONFIGURED;
	x->arrival = (int)arrival;
	x->read_us = clock_steady_us() - x->served.began_us;
	if (arrival == WHOLE)
		x->ingest = context->routing->begin(q, &x->response);
}

bool
gateway_is_short(const struct gateway *g)
{
	unsigned long long length;
	struct head head;

	head_open(&head, g->params);
	return parse_length(head_param(&head, "CONTENT_LENGTH"), &length) &&
	    length <= SHORT_MAX &&
	    head_param(&head, "HTTP_CONTENT_ENCODING") == NULL;
}

bool
gateway_is_shared(const struct context *context, const struct exchange *x)
{
	return x->ingest != NULL && context->routing->is_shared(x->ingest);
}

/* Lines of the log are now about this request, and at its level. */
static void
attend(const struct exchange *x)
{
	served_about(&x->served);
	log_level((enum log_level)x->request.business.log_level);
}

static void
check_size(struct exchange *x)
{
	struct response *r = &x->response;

	if (!r->headers.failed && !r->body.failed)
		return;
	log_error("gateway: the response is too large");
	response_free(r);
	response_init(r);
	problem_write(&x->request, r, 500, "The response is too large");
}

/* Sends the response, unless the client left; logs how long it all took. */
static void
finish(struct exchange *x)
{
	int slow_ms = x->request.business.slow_ms;
	int64_t handled = clock_steady_us();
	struct response *r = &x->response;

	attend(x);
	if (x->arrival == CUT) {
		log_debug("gateway: the body was cut short");
		score_end(&x->scored, 0, -1, slow_ms);
	} else {
		check_size(x);
		write_response(x->gateway, &x->request, r);
		x->gateway->finish(x->gateway->arg);
		r->took.read = x->read_us;
		r->took.write = clock_steady_us() - handled;
		served_end(&x->served, &x->request, r);
		score_end(&x->scored, r->status, r->outcome, slow_ms);
	}
	response_free(r);
	empty(&x->body);
	empty(&x->plain);
	empty(&x->uri);
}

/* Fills the responses of requests that arrived whole. */
static void
handle(const struct context *context, struct exchange *const list[], size_t n)
{
	int64_t db = db_spent_us(context->db);
	struct ingest *ingests[SHARED_MAX] = { NULL };
	size_t i;

	for (i = 0; i < n; i++)
		ingests[i] = list[i]->ingest;
	if (list[0]->ingest != NULL)
		context->routing->finish(context, ingests, n);
	else
		context->routing->handle(
		    context, &list[0]->request, &list[0]->response);
	for (i = 0; i < n; i++)
		list[i]->response.took.db = db_spent_us(context->db) - db;
}

void
gateway_answer(
    const struct context *context, struct exchange *const list[], size_t n)
{
	size_t i;

	/* What is logged about several requests is logged as the first's. */
	attend(list[0]);
	if (list[0]->arrival == WHOLE)
		handle(context, list, n);
	else if (list[0]->arrival != CUT)
		refuse(list[0]);
	for (i = 0; i < n; i++)
		finish(list[i]);
	log_about(NULL);
	log_level((enum log_level)context->config->business.log_level);
}
