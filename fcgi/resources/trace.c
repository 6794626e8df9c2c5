#include "trace.h"

#include "db.h"
#include "event_row.h"
#include "page.h"

EVENT_ROW_CHECK(EVENT_TRACE);

static void
write_step(struct buf *out, const struct pg_result *r, int row)
{
	const char *message = pg_value(r, row, EVENT_TRACE_MESSAGE);

	buf_puts(out, "\"request_id\":");
	page_put_text(out, pg_value(r, row, EVENT_TRACE_REQUEST_ID));
	buf_puts(out, ",\"event\":");
	event_row_write(out, r, row);
	buf_puts(out, ",\"message\":");
	buf_puts(out, message != NULL ? message : "null");
}

/* All rows are one trace: an event, then the events derived from it. */
static void
write_trace(struct buf *out, const struct pg_result *r, int row)
{
	buf_putc(out, '{');
	write_step(out, r, row);
	buf_puts(out, ",\"derived\":[");
	for (row++; row < pg_rows(r); row++) {
		buf_printf(out, "%s{\"fired\":%s,", row > 1 ? "," : "",
		    pg_is_true(r, row, EVENT_TRACE_FIRED) ? "true" : "false");
		write_step(out, r, row);
		buf_putc(out, '}');
	}
	buf_puts(out, "]}");
}

void
trace_get(const struct context *ctx, const struct request *req,
    const char *text, struct response *res)
{
	page_get_row(ctx, req, text, Q_event_trace, write_trace,
	    "No event has this id", res);
}
