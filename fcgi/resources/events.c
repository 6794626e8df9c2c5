#include "events.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "page.h"
#include "service.h"

/* events_write() writes the rows of these statements by the same columns. */
EVENTS_WRITE_CHECK(EVENTS_PAGE);
EVENTS_WRITE_CHECK(EVENTS_SEARCH);
EVENTS_WRITE_CHECK(EVENTS_FEED);
/* read_page() runs one of two statements; the list has one column for both. */
_Static_assert(EVENTS_PAGE_MORE == (int)EVENTS_SEARCH_MORE, "events_search");

/* The filters of a page of events; NULL: no such filter. */
struct filter {
	struct id below;        /* exclusive */
	const struct id *since; /* inclusive */
	const char *service;
	const struct id *source;
	const char *key;
	const char *derived; /* "true" or "false" */
};

/* A request for the feed; its cursor moves while the page is written. */
struct feed {
	char tx[24]; /* the cursor, exclusive: transaction and event */
	struct id id;
	const char *service; /* or NULL */
	long long limit;
};

/* Payloads are stored as exact JSON text, and written without parsing. */
void
events_write(struct buf *out, const struct pg_result *r, int row)
{
	const char *normalised = pg_value(r, row, EVENT_GET_NORMALIZED_PAYLOAD);

	buf_printf(
	    out, "{\"id\":\"%s\",\"service\":", pg_value(r, row, EVENT_GET_ID));
	page_put_text(out, pg_value(r, row, EVENT_GET_SERVICE));
	buf_puts(out, ",\"timestamp\":");
	page_put_time(out, pg_value(r, row, EVENT_GET_TIMESTAMP));
	buf_puts(out, ",\"payload\":");
	buf_puts(out, pg_value(r, row, EVENT_GET_PAYLOAD));
	buf_puts(out, ",\"normalized_payload\":");
	buf_puts(out, normalised != NULL ? normalised : "null");
	buf_puts(out, ",\"deduplication_key\":");
	page_put_text(out, pg_value(r, row, EVENT_GET_DEDUPLICATION_KEY));
	buf_puts(out, ",\"source_event_id\":");
	page_put_text(out, pg_value(r, row, EVENT_GET_SOURCE_EVENT_ID));
	buf_puts(out, ",\"created_at\":");
	page_put_time(out, pg_value(r, row, EVENT_GET_CREATED_AT));
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

static enum status
read_page(struct db *db, const struct page *p, const void *arg,
    struct pg_result **out)
{
	const struct filter *f = arg;
	const char *below = f->below.text;
	char limit[16], offset[24];

	if (strcmp(p->below.text, below) < 0)
		below = p->below.text;
	const char *const all[EVENTS_PAGE_ARGS] = {
		[EVENTS_PAGE_ARG_CURSOR] = below,
		[EVENTS_PAGE_ARG_LIMIT] = limit,
		[EVENTS_PAGE_ARG_OFFSET] = offset,
	};
	const char *const some[EVENTS_SEARCH_ARGS] = {
		[EVENTS_SEARCH_ARG_CURSOR] = below,
		[EVENTS_SEARCH_ARG_LIMIT] = limit,
		[EVENTS_SEARCH_ARG_OFFSET] = offset,
		[EVENTS_SEARCH_ARG_SINCE] = f->since ? f->since->text : NULL,
		[EVENTS_SEARCH_ARG_SERVICE] = f->service,
		[EVENTS_SEARCH_ARG_SOURCE_EVENT_ID] =
		    f->source ? f->source->text : NULL,
		[EVENTS_SEARCH_ARG_DEDUPLICATION_KEY] = f->key,
		[EVENTS_SEARCH_ARG_DERIVED] = f->derived,
	};

	snprintf(limit, sizeof(limit), "%lld", p->limit);
	snprintf(offset, sizeof(offset), "%lld", p->offset);
	if (f->since || f->service || f->source || f->key || f->derived)
		return db_run_planned(db, Q_events_search, some, out);
	return db_run(db, Q_events_page, all, out);
}

static void
list_page(const struct context *ctx, const struct request *req, struct page *p,
    struct response *res)
{
	struct id since, until, source;
	struct filter f = {
		.below = p->below,
		.service = params_get(&p->params, "service"),
		.key = params_get(&p->params, "deduplication_key"),
		.derived = read_bool(p, "derived"),
	};
	const struct listing list = { read_page, &f, events_write,
		EVENTS_PAGE_ID, EVENTS_PAGE_MORE };

	if (page_time(p, "since", &since))
		f.since = &since;
	if (page_time(p, "until", &until) &&
	    strcmp(until.text, f.below.text) < 0)
		f.below = until;
	if (page_id(p, "source_event_id", &source))
		f.source = &source;
	if (page_check(p, req, res))
		page_answer(p, ctx, req, &list, res);
}

/* Reads "0", the start, or a cursor from a Link: tx, a full stop, id. */
static bool
parse_after(const char *after, struct feed *f)
{
	size_t n = strspn(after, "0123456789");

	f->id = id_floor(0);
	strcpy(f->tx, "0");
	if (strcmp(after, "0") == 0)
		return true;
	if (n == 0 || n > 19 || after[n] != '.' ||
	    !id_parse(after + n + 1, &f->id))
		return false;
	snprintf(f->tx, sizeof(f->tx), "%.*s", (int)n, after);
	return true;
}

/* What one statement returned for a page of the feed. */
struct part {
	char horizon[24];
	bool is_ahead; /* the cursor is ahead of this server */
	bool is_full;  /* the page is full */
	bool is_last;  /* the page needs no further statement */
};

static enum status
read_part(struct db *db, const struct feed *f, struct pg_result **out)
{
	char limit[24];
	const char *const values[EVENTS_FEED_ARGS] = {
		[EVENTS_FEED_ARG_TX] = f->tx,
		[EVENTS_FEED_ARG_ID] = f->id.text,
		[EVENTS_FEED_ARG_LIMIT] = limit,
		[EVENTS_FEED_ARG_SERVICE] = f->service,
	};

	snprintf(limit, sizeof(limit), "%lld", f->limit);
	return db_run(db, Q_events_feed, values, out);
}

/* Appends rows of one statement, and moves the cursor after the last row. */
static enum status
put_part(struct db *db, struct feed *f, struct buf *out, struct part *part)
{
	struct pg_result *r = NULL;
	enum status status;
	int rows, n;

	status = read_part(db, f, &r);
	if (status != STATUS_OK)
		return status;
	rows = pg_value(r, 0, EVENTS_FEED_ID) == NULL ? 0 : pg_rows(r);
	n = page_put_rows(out, r, rows, events_write);
	snprintf(part->horizon, sizeof(part->horizon), "%s",
	    pg_value(r, 0, EVENTS_FEED_HORIZON));
	part->is_ahead = pg_is_true(r, 0, EVENTS_FEED_AHEAD);
	f->limit -= n;
	if (n > 0) {
		snprintf(f->tx, sizeof(f->tx), "%s",
		    pg_value(r, n - 1, EVENTS_FEED_TX));
		if (!id_parse(pg_value(r, n - 1, EVENTS_FEED_ID), &f->id))
			status = STATUS_FAULT;
	}
	part->is_full = n < rows || f->limit == 0;
	part->is_last = part->is_full || rows == 0 ||
	    !pg_is_true(r, rows - 1, EVENTS_FEED_MORE);
	pg_free(r);
	return status;
}

/*
 * A full page ends at its last event. Any shorter page has read everything
 * below the horizon, so the next poll starts there and does not read again what
 * the filter left out. Hence even an empty page has a Link.
 */
static void
link_feed(const struct request *req, const struct feed *f,
    const struct part *part, struct response *res)
{
	char cursor[24 + ID_LEN + 2];
	struct id start = id_floor(0);

	if (part->is_full)
		snprintf(cursor, sizeof(cursor), "%s.%s", f->tx, f->id.text);
	else
		snprintf(cursor, sizeof(cursor), "%s.%s", part->horizon,
		    strcmp(part->horizon, f->tx) == 0 ? f->id.text
						      : start.text);
	page_link(req, "after", cursor, res);
}

static void
write_feed(const struct context *ctx, const struct request *req, struct feed *f,
    struct response *res)
{
	struct part part;
	enum status status;

	buf_putc(&res->body, '[');
	do {
		status = put_part(ctx->db, f, &res->body, &part);
	} while (status == STATUS_OK && !part.is_last);
	buf_putc(&res->body, ']');
	if (status != STATUS_OK)
		problem_status(req, res, status);
	else if (part.is_ahead)
		problem_write(req, res, 409,
		    "The cursor in after is ahead of this server: the server "
		    "was restored from a backup, or took over from one that "
		    "was ahead of it, or the cursor is made up. Begin again at "
		    "after=0 and leave out the events whose id you have");
	else
		link_feed(req, f, &part, res);
}

static void
list_feed(const struct context *ctx, const struct request *req, struct page *p,
    const char *after, struct response *res)
{
	static const char *const others[] = { "since", "until", "derived",
		"source_event_id", "deduplication_key", "cursor", "offset" };
	struct feed f = { .limit = p->limit,
		.service = params_get(&p->params, "service") };
	size_t i;

	for (i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (params_get(&p->params, others[i]) != NULL)
			page_refuse(p, others[i], "extra_forbidden",
			    "Not together with after");
	if (!parse_after(after, &f))
		page_refuse(p, "after", "value_error",
		    "Input should be 0 or a cursor from a Link header");
	if (page_check(p, req, res))
		write_feed(ctx, req, &f, res);
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
 * With its module nchan, nginx asks here before it opens the stream. The answer
 * is yes, since route_handle() has refused pages that may not open the stream.
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
	    "nginx serves the live stream, but lacks its module nchan here; "
	    "GET /events?after=0 has the same events in the same order");
}
