#include "problem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "phrase.h"

enum {
	DETAIL_LEN = 512
};

/* Header lines that go with a status. */
static const char *
header_of(int status)
{
	switch (status) {
	case 415:
		return "Accept-Post: application/json\r\n";
	case 503:
		return "Retry-After: 1\r\n";
	default:
		return "";
	}
}

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
	buf_puts(&res->headers, header_of(status));
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
