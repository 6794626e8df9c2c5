#include "problem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "phrase.h"

enum {
	DETAIL_LEN = 512
};

static bool
wants_rfc9457(const struct request *req)
{
	return req->accept != NULL &&
	    strstr(req->accept, "application/problem+json") != NULL;
}

/* Writes all before the detail; callers add the detail and the last brace. */
static bool
begin(const struct request *req, struct response *res, int status)
{
	bool rfc9457 = wants_rfc9457(req);

	res->status = status;
	buf_reset(&res->body);
	if (status == 503)
		buf_puts(&res->headers, "Retry-After: 1\r\n");
	res->content_type =
	    rfc9457 ? "application/problem+json" : "application/json";
	buf_putc(&res->body, '{');
	if (rfc9457)
		buf_printf(&res->body,
		    "\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d,",
		    phrase(status), status);
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

const char *
problem_text(enum status status, int *http)
{
	switch (status) {
	case STATUS_RETRY:
		*http = 503;
		return "The database is not available. Whether the request "
		       "took effect is unknown; repeat it with the same key.";
	case STATUS_REJECT:
		*http = 422;
		return "The database cannot store this value";
	default:
		*http = 500;
		return "Internal error; it was logged under the request's id";
	}
}

void
problem_status(
    const struct request *req, struct response *res, enum status status)
{
	int http;
	const char *text = problem_text(status, &http);

	problem_write(req, res, http, "%s", text);
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
