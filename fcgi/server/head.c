#include "head.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "traceparent.h"

enum {
	REQUEST_ID_MAX = 128, /* must fit a line of the log */
};

/* Few of the names that are looked for have the place of another one. */
static size_t
place(const char *name, size_t n)
{
	return (n + 5u * (unsigned char)name[n / 2] +
		   11u * (unsigned char)name[n - 1]) %
	    HEAD_PLACES;
}

void
head_open(struct head *head, char **params)
{
	size_t n, at;

	*head = (struct head){ 0 };
	for (; params != NULL && *params != NULL; params++) {
		n = strcspn(*params, "=");
		if (n == 0)
			continue;
		at = place(*params, n);
		if (head->first[at] == NULL)
			head->first[at] = params;
	}
}

/* The first parameter that can have that name. */
static char **
find(const struct head *head, const char *name)
{
	return head->first[place(name, strlen(name))];
}

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

static const char *
value_of(const struct head *head, const char *name)
{
	char **params = find(head, name);

	return next_value(&params, name);
}

const char *
head_param(void *head, const char *name)
{
	return value_of(head, name);
}

static int
count_params(const struct head *head, const char *name)
{
	char **params = find(head, name);
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
find_in_list(const struct head *head, const char *name, const char *text)
{
	const char *first = value_of(head, name), *value;
	char **params = find(head, name);

	while ((value = next_value(&params, name)) != NULL)
		if (strstr(value, text) != NULL)
			return value;
	return first;
}

/* Finds the codings other than "identity", in all lines. */
static void
read_encodings(const struct head *head, struct request *q)
{
	static const char blank[] = " \t,";
	char **params = find(head, "HTTP_CONTENT_ENCODING");
	const char *value, *s;
	size_t n;

	while ((value = next_value(&params, "HTTP_CONTENT_ENCODING")) != NULL)
		for (s = value; *s != '\0'; s += n) {
			s += strspn(s, blank);
			n = strcspn(s, blank);
			if (n == 0 ||
			    (n == 8 && strncasecmp(s, "identity", n) == 0))
				continue;
			if (q->content_encodings++ == 0)
				q->content_encoding = s;
		}
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
put_uri(struct buf *b, const struct head *head)
{
	static const char *const parts[] = { "SCRIPT_NAME", "PATH_INFO" };
	const char *value = value_of(head, "REQUEST_URI");
	size_t i;

	if (value != NULL && *value != '\0') {
		buf_puts(b, origin_form(value));
		return;
	}
	for (i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if ((value = value_of(head, parts[i])) != NULL)
			buf_puts(b, value);
	buf_putc(b, '?');
	if ((value = value_of(head, "QUERY_STRING")) != NULL)
		buf_puts(b, value);
}

/* Strict, as the id goes into logs, the database and headers of deliveries. */
static bool
is_request_id(const char *s)
{
	size_t n = 0;

	while (s[n] != '\0' &&
	    (isalnum((unsigned char)s[n]) || strchr("-._~+/=:@", s[n]) != NULL))
		n++;
	return n > 0 && n <= REQUEST_ID_MAX && s[n] == '\0';
}

/* The least trusted of all lines of a header; no site: Sec-Fetch-Site. */
static enum origin
worst(const struct head *head, const char *name, const struct site *site)
{
	enum origin found = ORIGIN_NONE, one;
	char **params = find(head, name);
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
read_origin(
    const struct head *head, const struct config *config, struct request *q)
{
	const char *https = value_of(head, "HTTPS");
	const char *scheme = value_of(head, "REQUEST_SCHEME");
	const struct site site = {
		.host = value_of(head, "HTTP_HOST"),
		.name = value_of(head, "SERVER_NAME"),
		.is_https = (https != NULL && strcmp(https, "on") == 0) ||
		    (scheme != NULL && strcmp(scheme, "https") == 0),
		.listed = config->origins,
	};
	enum origin fetch = worst(head, "HTTP_SEC_FETCH_SITE", NULL);

	q->origin = worst(head, "HTTP_ORIGIN", &site);
	if (q->origin == ORIGIN_LISTED) {
		if (count_params(head, "HTTP_ORIGIN") == 1)
			q->reader = value_of(head, "HTTP_ORIGIN");
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
read_line(const struct head *head, struct request *q, struct buf *uri)
{
	char *mark;

	put_uri(uri, head);
	q->path = uri->data;
	q->query = "";
	if (uri->len > 0 && (mark = strchr(uri->data, '?')) != NULL) {
		*mark = '\0';
		q->query = mark + 1;
	}
	if (*q->path == '\0')
		q->path = "/";
	q->method = value_of(head, "REQUEST_METHOD");
	if (q->method == NULL)
		q->method = "";
}

/* Only nginx's id: a client could give the same id to all its requests. */
static const char *
find_request_id(const struct head *head)
{
	const char *id = value_of(head, "REQUEST_ID");

	return id != NULL && is_request_id(id) ? id : NULL;
}

/* With several lines, none is valid (Trace Context, section 3.2). */
static const char *
find_traceparent(const struct head *head)
{
	const char *parent = value_of(head, "HTTP_TRACEPARENT");

	return parent != NULL && traceparent_is_valid(parent) &&
		count_params(head, "HTTP_TRACEPARENT") == 1
	    ? parent
	    : NULL;
}

static void
read_cloud_head(const struct head *head, struct cloud_head *ce)
{
	ce->specversion = value_of(head, "HTTP_CE_SPECVERSION");
	ce->id = value_of(head, "HTTP_CE_ID");
	ce->source = value_of(head, "HTTP_CE_SOURCE");
	ce->type = value_of(head, "HTTP_CE_TYPE");
	ce->time = value_of(head, "HTTP_CE_TIME");
	ce->traceparent = value_of(head, "HTTP_CE_TRACEPARENT");
}

void
head_read(struct request *q, const struct head *head,
    const struct config *config, struct buf *uri)
{
	read_line(head, q, uri);
	q->content_type = value_of(head, "CONTENT_TYPE");
	q->content_types = count_params(head, "HTTP_CONTENT_TYPE");
	read_encodings(head, q);
	q->accept =
	    find_in_list(head, "HTTP_ACCEPT", "application/problem+json");
	q->prefer = value_of(head, "HTTP_PREFER");
	q->if_none_match = value_of(head, "HTTP_IF_NONE_MATCH");
	q->idempotency_key = value_of(head, "HTTP_IDEMPOTENCY_KEY");
	q->idempotency_keys = count_params(head, "HTTP_IDEMPOTENCY_KEY");
	q->request_id = find_request_id(head);
	q->traceparent = find_traceparent(head);
	q->by_nchan = value_of(head, "STREAM_BY_NCHAN") != NULL;
	q->body = "";
	read_cloud_head(head, &q->ce);
	read_origin(head, config, q);
}
