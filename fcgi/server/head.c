#include "head.h"

#include <string.h>
#include <strings.h>

enum {
	REQUEST_ID_MAX = 128, /* must fit a line of the log */
};

/* The next value of that name, or NULL; *params moves past it. */
static const char *
next_value(char ***params, const char *name)
{
	size_t n = strlen(name);
	const char *line;

	while (*params != NULL && (line = **params) != NULL) {
		++*params;
		/* Comparing the first letter saves most calls of strncmp(). */
		if (*line == *name && strncmp(line, name, n) == 0 &&
		    line[n] == '=')
			return line + n + 1;
	}
	return NULL;
}

const char *
head_param(void *arg, const char *name)
{
	char **params = arg;

	return next_value(&params, name);
}

static int
count_params(char **params, const char *name)
{
	int n = 0;

	while (next_value(&params, name) != NULL)
		n++;
	return n;
}

/*
 * For a header that is a list, which a client may spread over several lines
 * (RFC 9110, section 5.3): the first line that has the text, else the first
 * line.
 */
static const char *
find_in_list(char **params, const char *name, const char *text)
{
	const char *first = head_param(params, name), *value;

	while ((value = next_value(&params, name)) != NULL)
		if (strstr(value, text) != NULL)
			return value;
	return first;
}

/* The first line with a coding other than "identity", or NULL. */
static const char *
find_encoding(char **params)
{
	static const char blank[] = " \t,";
	const char *value, *s;
	size_t n;

	while ((value = next_value(&params, "HTTP_CONTENT_ENCODING")) != NULL)
		for (s = value; *s != '\0'; s += n) {
			s += strspn(s, blank);
			n = strcspn(s, blank);
			if (n > 0 &&
			    (n != 8 || strncasecmp(s, "identity", n) != 0))
				return value;
		}
	return NULL;
}

/* "/path" of "http://host/path", as proxies may send it (RFC 9112, 3.2.2). */
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

/* A plain CGI server may send only the decoded path, in two parts. */
static void
put_uri(struct buf *b, char **params)
{
	static const char *const parts[] = { "SCRIPT_NAME", "PATH_INFO" };
	const char *value = head_param(params, "REQUEST_URI");
	size_t i;

	if (value != NULL && *value != '\0') {
		buf_puts(b, origin_form(value));
		return;
	}
	for (i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if ((value = head_param(params, parts[i])) != NULL)
			buf_puts(b, value);
	buf_putc(b, '?');
	if ((value = head_param(params, "QUERY_STRING")) != NULL)
		buf_puts(b, value);
}

/* Strict, as the id goes into logs, the database and headers of deliveries. */
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

/* The least trusted of all lines of a header; no site: Sec-Fetch-Site. */
static enum origin
worst(char **params, const char *name, const struct site *site)
{
	enum origin found = ORIGIN_NONE, one;
	const char *value;

	while ((value = next_value(&params, name)) != NULL) {
		one = site != NULL ? origin_of(value, site)
				   : origin_of_fetch(value);
		if (one > found)
			found = one;
	}
	return found;
}

/*
 * The less trusted of the two headers counts, except for a listed page, whose
 * Sec-Fetch-Site names a foreign site.
 */
static void
read_origin(char **params, const struct config *config, struct request *q)
{
	const char *https = head_param(params, "HTTPS");
	const char *scheme = head_param(params, "REQUEST_SCHEME");
	const struct site site = {
		.host = head_param(params, "HTTP_HOST"),
		.name = head_param(params, "SERVER_NAME"),
		.is_https = (https != NULL && strcmp(https, "on") == 0) ||
		    (scheme != NULL && strcmp(scheme, "https") == 0),
		.listed = config->origins,
	};
	enum origin fetch = worst(params, "HTTP_SEC_FETCH_SITE", NULL);

	q->origin = worst(params, "HTTP_ORIGIN", &site);
	if (q->origin == ORIGIN_LISTED) {
		if (count_params(params, "HTTP_ORIGIN") == 1)
			q->reader = head_param(params, "HTTP_ORIGIN");
		/* nginx joins several lines; no browser sends several. */
		if (q->reader != NULL && strpbrk(q->reader, ", \t") != NULL)
			q->reader = NULL;
	} else if (fetch > q->origin) {
		q->origin = fetch;
	} else if (site.host == NULL && fetch == ORIGIN_OWN) {
		/* With HTTP/3 nginx passes no Host. */
		q->origin = ORIGIN_OWN;
	}
}

static void
read_line(char **params, struct request *q, struct buf *uri)
{
	char *mark;

	put_uri(uri, params);
	q->path = uri->data;
	q->query = "";
	if (uri->len > 0 && (mark = strchr(uri->data, '?')) != NULL) {
		*mark = '\0';
		q->query = mark + 1;
	}
	if (*q->path == '\0')
		q->path = "/";
	q->method = head_param(params, "REQUEST_METHOD");
	if (q->method == NULL)
		q->method = "";
}

/* Only nginx's id: a client could give the same id to all its requests. */
static const char *
find_request_id(char **params)
{
	const char *id = head_param(params, "REQUEST_ID");

	return id != NULL && is_request_id(id) ? id : NULL;
}

/* With several lines, none is valid (Trace Context, section 3.2). */
static const char *
find_traceparent(char **params)
{
	const char *parent = head_param(params, "HTTP_TRACEPARENT");

	return parent != NULL && is_traceparent(parent) &&
		count_params(params, "HTTP_TRACEPARENT") == 1
	    ? parent
	    : NULL;
}

void
head_read(struct request *q, char **params, const struct config *config,
    struct buf *uri)
{
	read_line(params, q, uri);
	q->content_type = head_param(params, "CONTENT_TYPE");
	q->content_types = count_params(params, "HTTP_CONTENT_TYPE");
	q->content_encoding = find_encoding(params);
	q->accept =
	    find_in_list(params, "HTTP_ACCEPT", "application/problem+json");
	q->if_none_match = head_param(params, "HTTP_IF_NONE_MATCH");
	q->idempotency_key = head_param(params, "HTTP_IDEMPOTENCY_KEY");
	q->idempotency_keys = count_params(params, "HTTP_IDEMPOTENCY_KEY");
	q->request_id = find_request_id(params);
	q->traceparent = find_traceparent(params);
	q->by_nchan = head_param(params, "STREAM_BY_NCHAN") != NULL;
	q->body = "";
	read_origin(params, config, q);
}
