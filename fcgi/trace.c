#include "trace.h"

#include "db.h"
#include "events.h"
#include "page.h"

/* Columns of event_trace.sql behind those of the event. */
enum {
	FIRED = 8,
	MESSAGE
};

static void
write_step(struct buf *out, const struct pg_result *r, int row)
{
	const char *message = db_value(r, row, MESSAGE);

	buf_puts(out, "\"event\":");
	events_write(out, r, row);
	buf_puts(out, ",\"message\":");
	buf_puts(out, message != NULL ? message : "null");
}

static void
write_trace(struct buf *out, const struct pg_result *r)
{
	int row;

	buf_putc(out, '{');
	write_step(out, r, 0);
	buf_puts(out, ",\"derived\":[");
	for (row = 1; row < db_rows(r); row++) {
		buf_printf(out, "%s{\"fired\":%s,", row > 1 ? "," : "",
		    db_is_true(r, row, FIRED) ? "true" : "false");
		write_step(out, r, row);
		buf_putc(out, '}');
	}
	buf_puts(out, "]}");
}

void
trace_get(const struct context *ctx, const struct request *req,
    const char *text, struct response *res)
{
	struct pg_result *r = NULL;
	enum status status;
	struct id id;

	if (!page_path_id(req, text, &id, res))
		return;
	status = db_run(
	    ctx->db, Q_event_trace, 1, (const char *const[]){ id.text }, &r);
	if (status != STATUS_OK)
		problem_status(req, res, status);
	else if (db_rows(r) == 0)
		problem_write(req, res, 404, "No event has this id");
	else
		write_trace(&res->body, r);
	db_result_free(r);
}
