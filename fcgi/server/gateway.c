#include "gateway.h"

#include <string.h>

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
	"Accept-Post, Allow, ETag, Idempotent-Replayed, Link, Location, "      \
	"Retry-After, X-Request-Id"

enum {
	CHUNK = 64 << 10,
	URI_MAX = 1 << 20,
	HEAD_MAX = 64 << 10,
	LENGTH_DIGITS = 18,
	TOGETHER_MAX = 64 << 10,
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

/* Keeps BODY_MAX bytes at most; further bytes are read and dropped. */
static enum arrival
read_body(const struct gateway *g, struct request *q, struct buf *body)
{
	static char chunk[CHUNK];
	unsigned long long announced, got = 0;
	bool good;
	size_t n;

	good =
	    parse_length(head_param(g->params, "CONTENT_LENGTH"), &announced);
	while ((n = g->read(g->arg, chunk, sizeof(chunk))) > 0) {
		got += n;
		if (got <= BODY_MAX)
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
	q->body_too_large = got > BODY_MAX;
	if (q->body_too_large)
		buf_reset(body);
	q->body = body->data;
	q->body_len = body->len;
	return WHOLE;
}

static void
put_head(struct buf *head, const struct response *r, const char *reader)
{
	buf_printf(head, "Status: %d %s\r\n", r->status, phrase(r->status));
	if (r->status != 204 && r->status != 304)
		buf_printf(head, "Content-Type: %s\r\nContent-Length: %zu\r\n",
		    r->content_type ? r->content_type : "application/json",
		    r->body.len);
	buf_printf(head,
	    "Cache-Control: %s\r\n"
	    "X-Content-Type-Options: nosniff\r\n",
	    r->cache_control != NULL ? r->cache_control : "no-store");
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

static void
init_response(struct response *r)
{
	*r = (struct response){ .status = 200 };
	buf_init(&r->headers, HEAD_MAX / 2);
	buf_init(&r->body, RESPONSE_MAX);
}

static void
free_response(struct response *r)
{
	buf_free(&r->headers);
	buf_free(&r->body);
}

/* Reads the location's settings. */
static enum status
configure(const struct context *context, const struct gateway *g,
    struct business *business)
{
	enum status status;
	char error[256];

	*business = context->config->business;
	status = config_override(business, head_param, g->params, error);
	log_level((enum log_level)business->log_level);
	if (status != STATUS_OK)
		log_error("gateway: fastcgi_param %s", error);
	return status;
}

/* Fills the response of a request that arrived whole. */
static void
answer(
    const struct context *context, const struct request *q, struct response *r)
{
	int64_t db = db_spent_us(context->db);

	context->handle(context, q, r);
	r->took.db = db_spent_us(context->db) - db;
	if (!r->headers.failed && !r->body.failed)
		return;
	log_error("gateway: the response is too large");
	free_response(r);
	init_response(r);
	problem_write(q, r, 500, "The response is too large");
}

static void
refuse(const struct request *q, struct response *r, enum arrival arrival)
{
	static const char *const details[] = {
		[TOO_SHORT] = "The body is shorter than its Content-Length",
		[TOO_LONG] = "The body is longer than its Content-Length",
		[BAD_LENGTH] = "Content-Length is not a number",
		[OUT_OF_MEMORY] = "Out of memory",
		[MISCONFIGURED] = "The server is misconfigured",
	};

	problem_write(
	    q, r, arrival >= OUT_OF_MEMORY ? 500 : 400, "%s", details[arrival]);
}

/* Answers the request, and logs how long it took. */
static void
respond(const struct context *context, const struct gateway *g,
    const struct request *q, enum arrival arrival, struct served *served)
{
	struct response r;
	int64_t read = clock_steady_us(), handled;

	init_response(&r);
	if (arrival == WHOLE)
		answer(context, q, &r);
	else
		refuse(q, &r, arrival);
	handled = clock_steady_us();
	write_response(g, q, &r);
	g->finish(g->arg);
	r.took.read = read - served->began_us;
	r.took.write = clock_steady_us() - handled;
	served_end(served, q, &r);
	score_end(r.status, q->business.slow_ms);
	free_response(&r);
}

void
gateway_serve(const struct context *context, const struct gateway *g)
{
	static struct buf body, uri; /* the next request uses their memory */
	struct request q = { 0 };
	struct served served;
	enum arrival arrival;
	enum status status;

	if (body.max == 0) {
		buf_init(&body, BODY_MAX);
		buf_init(&uri, URI_MAX);
	}
	buf_reset(&body);
	buf_reset(&uri);
	head_read(&q, g->params, context->config, &uri);
	served_begin(&served, &q);
	score_begin(
	    q.method, q.path, q.query, head_param(g->params, "CONTENT_LENGTH"));
	status = configure(context, g, &q.business);
	arrival = read_body(g, &q, &body);
	if (uri.failed && arrival != CUT)
		arrival = OUT_OF_MEMORY;
	if (status != STATUS_OK && arrival == WHOLE)
		arrival = MISCONFIGURED;
	if (arrival == CUT) {
		log_debug("gateway: the body was cut short");
		score_end(0, q.business.slow_ms);
	} else {
		respond(context, g, &q, arrival, &served);
	}
	log_about(NULL);
	log_level((enum log_level)context->config->business.log_level);
}
