#include "problem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
	DETAIL_LEN = 512
};

static const struct {
	int status;
	const char *title;
	const char *header; /* whole line, or NULL */
} kinds[] = {
	{ 400, "Bad Request", NULL },
	{ 403, "Forbidden", NULL },
	{ 404, "Not Found", NULL },
	{ 405, "Method Not Allowed", NULL },
	{ 409, "Conflict", NULL },
	{ 413, "Content Too Large", NULL },
	{ 415, "Unsupported Media Type", "Accept-Post: application/json\r\n" },
	{ 422, "Unprocessable Content", NULL },
	{ 500, "Internal Server Error", NULL },
	{ 501, "Not Implemented", NULL },
	{ 503, "Service Unavailable", "Retry-After: 1\r\n" },
};

static bool
wants_rfc9457(const struct request *req)
{
	return req->accept != NULL &&
	    strstr(req->accept, "application/problem+json") != NULL;
}

/* Writes all before the detail; the callers add it and the last brace. */
static bool
begin(const struct request *req, struct response *res, int status)
{
	bool rfc9457 = wants_rfc9457(req);
	const char *title = "Error";
	size_t i;

	res->status = status;
	buf_reset(&res->body);
	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (kinds[i].status != status)
			continue;
		title = kinds[i].title;
		if (kinds[i].header != NULL)
			buf_puts(&res->headers, kinds[i].header);
	}
	res->content_type =
	    rfc9457 ? "application/problem+json" : "application/json";
	buf_putc(&res->body, '{');
	if (rfc9457)
		buf_printf(&res->body,
		    "\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d,",
		    title, status);
	return rfc9457;
}

void
problem_write(const struct request *req, struct response *res, int status,
    const char *fmt, ...)
{
	char detail[DETAIL_LEN];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(detail, sizeof(detail), fmt, ap);
	va_end(ap);
	begin(req, res, status);
	buf_puts(&res->body, "\"detail\":");
	buf_json_string(&res->body, detail, strlen(detail));
	buf_putc(&res->body, '}');
}

void
problem_status(
    const struct request *req, struct response *res, enum status status)
{
	if (status == STATUS_RETRY)
		problem_write(req, res, 503,
		    "The database is not available. Whether the request took "
		    "effect is unknown; repeat it with the same key.");
	else if (status == STATUS_REJECT)
		problem_write(
		    req, res, 422, "The database cannot store this value");
	else
		problem_write(req, res, 500,
		    "Internal error; it was logged under the request's id");
}

void
problem_faults(
    const struct request *req, struct response *res, const struct faults *f)
{
	if (begin(req, res, 422))
		buf_puts(&res->body,
		    "\"detail\":\"The request is not valid; see errors\","
		    "\"errors\":");
	else
		buf_puts(&res->body, "\"detail\":");
	buf_putc(&res->body, '[');
	buf_put(&res->body, f->text.data, f->text.len);
	buf_puts(&res->body, "]}");
}
