#include "events.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "page.h"
#include "service.h"
#include "store.h"

/* Columns as all statements that read events name them, in this order. */
enum {
	ID,
	SERVICE,
	TIMESTAMP,
	PAYLOAD,
	NORMALISED,
	KEY,
	SOURCE,
	CREATED,
	TX,
	HORIZON
};

/* The payloads are JSON already, and exact: they are never parsed again. */
void
events_write(struct buf *out, const struct pg_result *r, int row)
{
	const char *normalised = pg_value(r, row, NORMALISED);

	buf_printf(out, "{\"id\":\"%s\",\"service\":", pg_value(r, row, ID));
	page_put_text(out, pg_value(r, row, SERVICE));
	buf_puts(out, ",\"timestamp\":");
	page_put_time(out, pg_value(r, row, TIMESTAMP));
	buf_puts(out, ",\"payload\":");
	buf_puts(out, pg_value(r, row, PAYLOAD));
	buf_puts(out, ",\"normalized_payload\":");
	buf_puts(out, normalised != NULL ? normalised : "null");
	buf_puts(out, ",\"deduplication_key\":");
	page_put_text(out, pg_value(r, row, KEY));
	buf_puts(out, ",\"source_event_id\":");
	page_put_text(out, pg_value(r, row, SOURCE));
	buf_puts(out, ",\"created_at\":");
	page_put_time(out, pg_value(r, row, CREATED));
	buf_putc(out, '}');
}

static const char *
read_bool(struct page *p, const char *name)
{
	const char *value = params_get(&p->params, name);

	if (value == NULL || strcmp(value, "true") == 0 ||
	    strcmp(value, "false") == 0)
		return value;
	page_refuse(p, name, "bool_parsing", "Input should be true or false");
	return NULL;
}

static void
list_page(const struct context *ctx, const struct request *req, struct page *p,
    struct response *res)
{
	struct id since, until, source;
	struct pg_result *r = NULL;
	struct filter f = {
		.below = p->below,
		.service = params_get(&p->params, "service"),
		.key = params_get(&p->params, "deduplication_key"),
		.derived = read_bool(p, "derived"),
		.limit = (int)p->limit,
		.offset = p->offset,
	};
	enum status status;

	if (page_time(p, "since", &since))
		f.since = &since;
	if (page_time(p, "until", &until) &&
	    strcmp(until.text, f.below.text) < 0)
		f.below = until;
	if (page_id(p, "source_event_id", &source))
		f.source = &source;
	if (!page_check(p, req, res))
		return;
	status = store_page(ctx->db, &f, &r);
	page_answer(p, req, status, r, events_write, res);
}

/* "0" is the start; else tx, a full stop, id: where the next page starts. */
static bool
parse_after(const char *after, char tx[24], struct id *id)
{
	size_t n = strspn(after, "0123456789");

	*id = id_floor(0);
	strcpy(tx, "0");
	if (strcmp(after, "0") == 0)
		return true;
	if (n == 0 || n > 19 || after[n] != '.' || !id_parse(after + n + 1, id))
		return false;
	snprintf(tx, 24, "%.*s", (int)n, after);
	return true;
}

/*
 * A full page ends at its last event. Any other has seen everything below the
 * horizon, and the next poll starts there instead of reading again what does
 * not pass the filter. Hence a Link even to an empty page.
 */
static void
write_feed(const struct request *req, const struct pg_result *r,
    long long limit, const char *tx, const struct id *id, struct response *res)
{
	const char *horizon = pg_value(r, 0, HORIZON);
	int n = pg_value(r, 0, ID) == NULL ? 0 : pg_rows(r);
	char cursor[24 + ID_LEN + 2];
	struct id start = id_floor(0);

	if (n == limit)
		snprintf(cursor, sizeof(cursor), "%s.%s",
		    pg_value(r, n - 1, TX), pg_value(r, n - 1, ID));
	else
		snprintf(cursor, sizeof(cursor), "%s.%s", horizon,
		    strcmp(horizon, tx) == 0 ? id->text : start.text);
	page_put_rows(&res->body, r, n, events_write);
	page_link(req, "after", cursor, res);
}

static void
list_feed(const struct context *ctx, const struct request *req, struct page *p,
    const char *after, struct response *res)
{
	static const char *const others[] = { "since", "until", "derived",
		"source_event_id", "deduplication_key", "cursor", "offset" };
	struct pg_result *r = NULL;
	enum status status;
	struct id id;
	char tx[24];
	size_t i;

	for (i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (params_get(&p->params, others[i]) != NULL)
			page_refuse(p, others[i], "extra_forbidden",
			    "Not together with after");
	if (!parse_after(after, tx, &id))
		page_refuse(p, "after", "value_error",
		    "Input should be 0 or a cursor from a Link header");
	if (!page_check(p, req, res))
		return;
	status = store_feed(ctx->db, tx, &id, (int)p->limit,
	    params_get(&p->params, "service"), &r);
	if (status == STATUS_OK)
		write_feed(req, r, p->limit, tx, &id, res);
	else
		problem_status(req, res, status);
	pg_free(r);
}

void
events_list(const struct context *ctx, const struct request *req,
    const char *arg, struct response *res)
{
	const char *after;
	struct page page;

	(void)arg;
	if (page_open(&page, req, res)) {
		after = params_get(&page.params, "after");
		if (after != NULL)
			list_feed(ctx, req, &page, after, res);
		else
			list_page(ctx, req, &page, res);
	}
	page_free(&page);
}

void
events_get(const struct context *ctx, const struct request *req,
    const char *text, struct response *res)
{
	page_get_row(ctx, req, text, Q_event_get, events_write,
	    "No event has this id", res);
}

/*
 * Where nginx has nchan, it asks whether a page may have the stream: it may,
 * since route_handle() lets no other through.
 */
void
events_stream(const struct context *ctx, const struct request *req,
    const char *arg, struct response *res)
{
	(void)ctx;
	(void)arg;
	if (req->by_nchan) {
		buf_printf(&res->headers,
		    "X-Accel-Redirect: /events/stream%s%s\r\n",
		    *req->query != '\0' ? "?" : "", req->query);
		return;
	}
	problem_write(req, res, 501,
	    "The live stream is nginx's, which lacks its module nchan here; "
	    "GET /events?after=0 has the same events in the same order");
}
