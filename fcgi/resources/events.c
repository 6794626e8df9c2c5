#include "events.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "etag.h"
#include "event_row.h"
#include "events_page.h"
#include "page.h"
#include "service.h"

EVENT_ROW_CHECK(EVENTS_FEED);

/* 9999-12-31T23:59:59.999999Z in microseconds since 1970. */
#define NO_END INT64_C(253402300799999999)

/* A request for the feed; its cursor moves while the page is written. */
struct feed {
	char tx[24]; /* the cursor, exclusive: transaction and event */
	struct id id;
	const char *service; /* or NULL */
	long long limit;
};

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
	struct id source;
	struct events_filter f = {
		.service = params_get(&p->params, "service"),
		.key = params_get(&p->params, "deduplication_key"),
		.derived = read_bool(p, "derived"),
	};

	if (!page_time(p, "since", &f.since))
		f.since = id_floor(0);
	if (!page_time(p, "until", &f.until))
		strcpy(f.until.text, ID_LAST);
	if (page_id(p, "source_event_id", &source))
		f.source = &source;
	f.from = 0;
	f.to = NO_END;
	f.has_time = page_moment(p, "from", &f.from);
	f.has_time = page_moment(p, "to", &f.to) || f.has_time;
	if (page_check(p, req, res))
		events_page_answer(p, ctx, req, &f, res);
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

/* What the statement returned for a page of the feed. */
struct part {
	char horizon[24];
	bool is_ahead; /* the cursor is ahead of this server */
	bool is_full;  /* the page is full */
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

/* Appends the page's rows, and moves the cursor after the last one. */
static enum status
put_part(struct db *db, struct feed *f, struct buf *out, struct part *part)
{
	struct pg_result *r = NULL;
	enum status status;
	bool fits = true;
	int rows, n = 0;

	status = read_part(db, f, &r);
	if (status != STATUS_OK)
		return status;
	rows = pg_value(r, 0, EVENTS_FEED_ID) == NULL ? 0 : pg_rows(r);
	while (status == STATUS_OK && n < rows && fits) {
		status = events_put_row(db, out, r, n, &fits);
		n += fits;
	}
	snprintf(part->horizon, sizeof(part->horizon), "%s",
	    pg_value(r, 0, EVENTS_FEED_HORIZON));
	part->is_ahead = pg_is_true(r, 0, EVENTS_FEED_AHEAD);
	part->is_full = n < rows || n == f->limit;
	if (n > 0) {
		snprintf(f->tx, sizeof(f->tx), "%s",
		    pg_value(r, n - 1, EVENTS_FEED_TX));
		f->id = event_row_id(r, n - 1);
	}
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
	status = put_part(ctx->db, f, &res->body, &part);
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
	static const char *const others[] = { "since", "until", "from", "to",
		"derived", "source_event_id", "deduplication_key", "cursor",
		"offset" };
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

/* An event never changes: its id makes the ETag. */
void
events_get(const struct context *ctx, const struct request *req,
    const char *text, struct response *res)
{
	struct id id;
	char named[sizeof(EVENT_ROW_FORMAT) + ID_LEN];
	struct pg_result *r = NULL;
	enum status status;

	if (!page_path_id(req, text, &id, res))
		return;
	status = events_read(ctx->db, &id, &r);
	if (status != STATUS_OK) {
		problem_status(req, res, status);
	} else if (pg_rows(r) == 0) {
		problem_write(req, res, 404, "No event has this id");
	} else {
		event_row_write(&res->body, r, 0);
		snprintf(named, sizeof(named), EVENT_ROW_FORMAT "%s", id.text);
		etag_answer(req, named, strlen(named), res);
	}
	pg_free(r);
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
