#include "gateway.h"

#include <string.h>
#include <strings.h>

#include "clock.h"
#include "db.h"
#include "log.h"
#include "problem.h"
#include "score.h"
#include "served.h"

/* What of an answer's headers a listed page may read. */
#define EXPOSED                                                                \
	"Accept-Post, Allow, Idempotent-Replayed, Link, Location, "            \
	"Retry-After, X-Request-Id"

enum {
	CHUNK = 64 << 10,
	URI_MAX = 1 << 20,
	HEAD_MAX = 64 << 10,
	REQUEST_ID_MAX = 128, /* must fit a line of the log */
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
	CUT, /* nobody is there to be answered */
};

static const char *
find_param(void *arg, const char *name)
{
	size_t n = strlen(name);
	char **p;

	for (p = arg; p != NULL && *p != NULL; p++)
		/* Most differ in their first letter; this runs often. */
		if (**p == *name && strncmp(*p, name, n) == 0 && (*p)[n] == '=')
			return *p + n + 1;
	return NULL;
}

static int
count_params(char **params, const char *name)
{
	size_t len = strlen(name);
	int n = 0;

	for (; params != NULL && *params != NULL; params++)
		n += strncmp(*params, name, len) == 0 && (*params)[len] == '=';
	return n;
}

/*
 * A list (RFC 9110, section 5.3): several lines mean what one line with commas
 * means.  The first line with the text, else the first line.
 */
static const char *
find_in_list(char **params, const char *name, const char *text)
{
	size_t n = strlen(name);
	char **p;

	for (p = params; p != NULL && *p != NULL; p++)
		if (strncmp(*p, name, n) == 0 && (*p)[n] == '=' &&
		    strstr(*p + n + 1, text) != NULL)
			return *p + n + 1;
	return find_param(params, name);
}

/* The first line that names a coding besides "identity", which is none. */
static const char *
find_encoding(char **params)
{
	static const char name[] = "HTTP_CONTENT_ENCODING=", blank[] = " \t,";
	const char *s;
	size_t n;

	for (; params != NULL && *params != NULL; params++) {
		if (strncmp(*params, name, strlen(name)) != 0)
			continue;
		for (s = *params + strlen(name); *s != '\0'; s += n) {
			s += strspn(s, blank);
			n = strcspn(s, blank);
			if (n > 0 &&
			    (n != 8 || strncasecmp(s, "identity", n) != 0))
				return *params + strlen(name);
		}
	}
	return NULL;
}

/* Digits alone; absent and "" (nginx's way to say none) are 0. */
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

/* Keeps BODY_MAX bytes at most; what follows is read and forgotten. */
static enum arrival
read_body(const struct gateway *g, struct request *q, struct buf *body)
{
	static char chunk[CHUNK];
	unsigned long long announced, got = 0;
	bool good;
	size_t n;

	good =
	    parse_length(find_param(g->params, "CONTENT_LENGTH"), &announced);
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

/* RFC 9112, section 3.2.2: http://host/path means /path. */
static const char *
origin_form(const char *uri)
{
	const char *rest;

	if (strncasecmp(uri, "http://", 7) == 0)
		rest = uri + 7;
	else if (strncasecmp(uri, "https://", 8) == 0)
		rest = uri + 8;
	else
		return uri;
	return rest + strcspn(rest, "/?");
}

/* Plain CGI knows only the decoded path, in two parts. */
static void
put_uri(struct buf *b, char **params)
{
	static const char *const parts[] = { "SCRIPT_NAME", "PATH_INFO" };
	const char *value = find_param(params, "REQUEST_URI");
	size_t i;

	if (value != NULL && *value != '\0') {
		buf_puts(b, origin_form(value));
		return;
	}
	for (i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if ((value = find_param(params, parts[i])) != NULL)
			buf_puts(b, value);
	buf_putc(b, '?');
	if ((value = find_param(params, "QUERY_STRING")) != NULL)
		buf_puts(b, value);
}

/* It goes into logs, the database and a header of deliveries. */
static bool
is_request_id(const char *s)
{
	size_t n = strspn(s,
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	    "-._~+/=:@");

	return n > 0 && n <= REQUEST_ID_MAX && s[n] == '\0';
}

/* W3C Trace Context, section 3.2: 00-<32 hex>-<16 hex>-<2 hex>, ids not 0. */
static bool
is_traceparent(const char *s)
{
	static const char hex[] = "0123456789abcdef";

	return strlen(s) == 55 && strncmp(s, "00-", 3) == 0 &&
	    strspn(s + 3, hex) == 32 && s[35] == '-' &&
	    strspn(s + 36, hex) == 16 && s[52] == '-' &&
	    strspn(s + 53, hex) == 2 && strspn(s + 3, "0") < 32 &&
	    strspn(s + 36, "0") < 16;
}

/* Of all lines of Origin or, without a site, of Sec-Fetch-Site: the worst. */
static enum origin
worst(char **params, const char *name, const struct site *site)
{
	enum origin found = ORIGIN_NONE, one;
	size_t n = strlen(name);

	for (; params != NULL && *params != NULL; params++) {
		if (strncmp(*params, name, n) != 0 || (*params)[n] != '=')
			continue;
		one = site != NULL ? origin_of(*params + n + 1, site)
				   : origin_of_fetch(*params + n + 1);
		if (one > found)
			found = one;
	}
	return found;
}

/*
 * Both headers must fit, but that a listed page is another site's to its
 * browser is known.
 */
static void
read_origin(char **params, const struct config *config, struct request *q)
{
	const char *https = find_param(params, "HTTPS");
	const char *scheme = find_param(params, "REQUEST_SCHEME");
	const struct site site = {
		.host = find_param(params, "HTTP_HOST"),
		.name = find_param(params, "SERVER_NAME"),
		.is_https = (https != NULL && strcmp(https, "on") == 0) ||
		    (scheme != NULL && strcmp(scheme, "https") == 0),
		.listed = config->origins,
	};
	enum origin fetch = worst(params, "HTTP_SEC_FETCH_SITE", NULL);

	q->origin = worst(params, "HTTP_ORIGIN", &site);
	if (q->origin == ORIGIN_LISTED) {
		if (count_params(params, "HTTP_ORIGIN") == 1)
			q->reader = find_param(params, "HTTP_ORIGIN");
		/* Several that are joined; no browser sends them. */
		if (q->reader != NULL && strpbrk(q->reader, ", \t") != NULL)
			q->reader = NULL;
	} else if (fetch > q->origin) {
		q->origin = fetch;
	} else if (site.host == NULL && fetch == ORIGIN_OWN) {
		/* nginx hands on no Host of HTTP/3. */
		q->origin = ORIGIN_OWN;
	}
}

/* The strings live in the gateway's params and in uri. */
static void
read_head(const struct gateway *g, struct request *q, struct buf *uri)
{
	static const char none[] = "";
	char *mark;

	put_uri(uri, g->params);
	q->path = uri->data;
	q->query = none;
	if (uri->len > 0 && (mark = strchr(uri->data, '?')) != NULL) {
		*mark = '\0';
		q->query = mark + 1;
	}
	if (*q->path == '\0')
		q->path = "/";
	q->method = find_param(g->params, "REQUEST_METHOD");
	if (q->method == NULL)
		q->method = none;
	q->content_type = find_param(g->params, "CONTENT_TYPE");
	q->content_types = count_params(g->params, "HTTP_CONTENT_TYPE");
	q->content_encoding = find_encoding(g->params);
	q->accept =
	    find_in_list(g->params, "HTTP_ACCEPT", "application/problem+json");
	q->idempotency_key = find_param(g->params, "HTTP_IDEMPOTENCY_KEY");
	q->idempotency_keys = count_params(g->params, "HTTP_IDEMPOTENCY_KEY");
	/* Never the client's own header: whom to believe is nginx's to say. */
	q->request_id = find_param(g->params, "REQUEST_ID");
	if (q->request_id != NULL && !is_request_id(q->request_id))
		q->request_id = NULL;
	q->traceparent = find_param(g->params, "HTTP_TRACEPARENT");
	/* Several lines are none: joined with a comma they are not valid. */
	if (q->traceparent != NULL &&
	    (count_params(g->params, "HTTP_TRACEPARENT") > 1 ||
		!is_traceparent(q->traceparent)))
		q->traceparent = NULL;
	q->by_nchan = find_param(g->params, "STREAM_BY_NCHAN") != NULL;
	q->body = none;
}

static const char *
reason(int status)
{
	/* RFC 9110, section 15; RFC 6585 */
	static const struct {
		int status;
		const char *reason;
	} rows[] = {
		{ 200, "OK" },
		{ 201, "Created" },
		{ 202, "Accepted" },
		{ 204, "No Content" },
		{ 304, "Not Modified" },
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 406, "Not Acceptable" },
		{ 409, "Conflict" },
		{ 413, "Content Too Large" },
		{ 414, "URI Too Long" },
		{ 415, "Unsupported Media Type" },
		{ 422, "Unprocessable Content" },
		{ 429, "Too Many Requests" },
		{ 500, "Internal Server Error" },
		{ 501, "Not Implemented" },
		{ 503, "Service Unavailable" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (rows[i].status == status)
			return rows[i].reason;
	return "Unknown";
}

static void
put_head(struct buf *head, const struct response *r, const char *reader)
{
	buf_printf(head, "Status: %d %s\r\n", r->status, reason(r->status));
	if (r->status != 204)
		buf_printf(head, "Content-Type: %s\r\nContent-Length: %zu\r\n",
		    r->content_type ? r->content_type : "application/json",
		    r->body.len);
	buf_puts(head,
	    "Cache-Control: no-store\r\n"
	    "X-Content-Type-Options: nosniff\r\n");
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

/* One write where the body is small, which most are. */
static void
write_response(
    const struct gateway *g, const struct request *q, const struct response *r)
{
	bool body = strcmp(q->method, "HEAD") != 0 && r->status != 204;
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

/* The location's settings. */
static enum status
configure(const struct context *context, const struct gateway *g,
    struct business *business)
{
	enum status status;
	char error[256];

	*business = context->config->business;
	status = config_override(business, find_param, g->params, error);
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

/* Answers what came, and tells the log of it. */
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
	static struct buf body, uri; /* their memory serves the next too */
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
	read_head(g, &q, &uri);
	read_origin(g->params, context->config, &q);
	served_begin(&served, &q);
	score_begin(
	    q.method, q.path, q.query, find_param(g->params, "CONTENT_LENGTH"));
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
