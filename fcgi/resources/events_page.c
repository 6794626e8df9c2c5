#include "events_page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dbclock.h"
#include "etag.h"
#include "event_row.h"

EVENT_ROW_CHECK(EVENTS_PAGE);
EVENT_ROW_CHECK(EVENTS_SEARCH);

/* Milliseconds. */
#define WEEK INT64_C(604800000)
#define MONDAY INT64_C(345600000) /* the first one after 1970 began */

/*
 * A page reads windows of time, newest first, until it is full: each names
 * only some partitions, so that a first page costs the same however many there
 * are. The first window is a week, as a partition is; each further one is four
 * times as long as the one before, the fifth has all the rest.
 */
struct window {
	struct id low, high; /* ids from low to below high */
	int number;
};

enum {
	WINDOWS = 5
};

static int64_t
week_of(int64_t ms)
{
	return (ms - MONDAY + WEEK) / WEEK * WEEK + MONDAY - WEEK;
}

static struct id
floor_of(int64_t ms)
{
	return id_floor(ms > 0 ? ms : 0);
}

static bool
is_below(const struct id *a, const struct id *b)
{
	return strcmp(a->text, b->text) < 0;
}

/*
 * The window of the newest event below a cursor. Events can be ahead of the
 * clock, so the newest window has no end.
 */
static struct window
first_window(const struct id *below)
{
	struct window w = { .number = 1 };
	int64_t now = dbclock_us() / 1000, ms = id_ms(below);

	if (ms >= now) {
		strcpy(w.high.text, ID_LAST);
		w.low = floor_of(week_of(now));
	} else {
		w.high = floor_of(week_of(ms) + WEEK);
		w.low = floor_of(week_of(ms));
	}
	return w;
}

static void
move_window(struct window *w)
{
	int64_t weeks = INT64_C(1) << 2 * w->number;

	w->high = w->low;
	w->low = ++w->number == WINDOWS
	    ? id_floor(0)
	    : floor_of(id_ms(&w->high) - weeks * WEEK);
}

/* What is read of a page, and how far it has come. */
struct reading {
	const struct context *ctx;
	const struct events_filter *filter;
	struct page *page;
	struct window window;
	struct buf *out;
	struct buf ids; /* of the rows, which never change: makes the ETag */
};

static enum status
put_long(struct db *db, struct buf *out, const struct id *id)
{
	const char *const values[EVENT_GET_ARGS] = {
		[EVENT_GET_ARG_ID] = id->text,
	};
	struct pg_result *r = NULL;
	enum status status = db_run(db, Q_event_get, values, &r);

	if (status == STATUS_OK && pg_rows(r) > 0)
		event_row_write(out, r, 0);
	else if (status == STATUS_OK) /* its partition was dropped just now */
		status = STATUS_RETRY;
	pg_free(r);
	return status;
}

enum status
events_put_rows(
    struct db *db, struct buf *out, const struct pg_result *r, int n, int *put)
{
	enum status status;
	struct id id;
	size_t before;
	bool is_first;

	for (*put = 0; *put < n; ++*put) {
		before = out->len;
		is_first = before == 1;
		if (!is_first)
			buf_putc(out, ',');
		if (!event_row_is_long(r, *put)) {
			event_row_write(out, r, *put);
		} else {
			id = event_row_id(r, *put);
			if ((status = put_long(db, out, &id)) != STATUS_OK)
				return status;
		}
		/* The array's end must fit as well. */
		if (!is_first && out->len >= PAGE_BYTES) {
			buf_cut(out, before);
			break;
		}
	}
	return STATUS_OK;
}

static bool
is_filtered(const struct events_filter *f)
{
	return f->service || f->source || f->key || f->derived;
}

static const char *
least(const struct id *a, const struct id *b)
{
	return is_below(a, b) ? a->text : b->text;
}

static const char *
greatest(const struct id *a, const struct id *b)
{
	return is_below(a, b) ? b->text : a->text;
}

/*
 * Without filters. The statement is kept with its window and its limit, so
 * the cursor stays open, unless it is not in the window.
 */
static enum status
read_all(const struct reading *g, const char *limit, const char *offset,
    struct pg_result **out)
{
	const struct window *w = &g->window;
	const struct id *below = &g->page->below;
	bool is_open = is_below(below, &w->high);
	const char *const values[EVENTS_PAGE_ARGS] = {
		[EVENTS_PAGE_ARG_CURSOR] = is_open ? below->text : ID_LAST,
		[EVENTS_PAGE_ARG_LOW] = greatest(&w->low, &g->filter->since),
		[EVENTS_PAGE_ARG_HIGH] = w->high.text,
		[EVENTS_PAGE_ARG_LIMIT] = limit,
		[EVENTS_PAGE_ARG_OFFSET] = offset,
	};

	_Static_assert(EVENTS_PAGE_ARG_CURSOR == 0, "the open parameter");
	return db_run_kept(
	    g->ctx->db, Q_events_page, values, is_open ? 1 : 0, out);
}

static enum status
read_some(const struct reading *g, const char *limit, const char *offset,
    struct pg_result **out)
{
	const struct events_filter *f = g->filter;
	const char *const values[EVENTS_SEARCH_ARGS] = {
		[EVENTS_SEARCH_ARG_CURSOR] =
		    least(&g->page->below, &g->window.high),
		[EVENTS_SEARCH_ARG_LOW] = greatest(&g->window.low, &f->since),
		[EVENTS_SEARCH_ARG_LIMIT] = limit,
		[EVENTS_SEARCH_ARG_OFFSET] = offset,
		[EVENTS_SEARCH_ARG_SERVICE] = f->service,
		[EVENTS_SEARCH_ARG_SOURCE_EVENT_ID] =
		    f->source ? f->source->text : NULL,
		[EVENTS_SEARCH_ARG_DEDUPLICATION_KEY] = f->key,
		[EVENTS_SEARCH_ARG_DERIVED] = f->derived,
	};

	return db_run_planned(g->ctx->db, Q_events_search, values, out);
}

/* Appends the rows of the window. */
static enum status
put_window(struct reading *g)
{
	char limit[16], offset[24];
	struct pg_result *r = NULL;
	struct page *p = g->page;
	enum status status;
	int i, n;

	snprintf(limit, sizeof(limit), "%lld", p->limit);
	snprintf(offset, sizeof(offset), "%lld", p->offset);
	status = is_filtered(g->filter) ? read_some(g, limit, offset, &r)
					: read_all(g, limit, offset, &r);
	if (status != STATUS_OK)
		return status;
	status = events_put_rows(g->ctx->db, g->out, r, pg_rows(r), &n);
	for (i = 0; i < n; i++)
		buf_put(&g->ids, pg_value(r, i, EVENT_GET_ID), 16);
	if (n > 0) {
		p->below = event_row_id(r, n - 1);
		p->offset = 0;
	}
	p->limit -= n;
	p->is_full = n < pg_rows(r) || p->limit == 0;
	pg_free(r);
	return status;
}

/* Moves over the window's events that an offset skips. */
static enum status
skip_window(struct reading *g)
{
	char offset[24];
	const char *const values[EVENTS_SKIP_ARGS] = {
		[EVENTS_SKIP_ARG_CURSOR] =
		    least(&g->page->below, &g->window.high),
		[EVENTS_SKIP_ARG_LOW] =
		    greatest(&g->window.low, &g->filter->since),
		[EVENTS_SKIP_ARG_OFFSET] = offset,
	};
	struct pg_result *r = NULL;
	enum status status;

	snprintf(offset, sizeof(offset), "%lld", g->page->offset);
	status = db_run_planned(g->ctx->db, Q_events_skip, values, &r);
	if (status == STATUS_OK)
		g->page->offset -=
		    strtoll(pg_value(r, 0, EVENTS_SKIP_SKIPPED), NULL, 10);
	pg_free(r);
	return status;
}

/* An offset counts the rows that pass the filters, so it is left to SQL. */
static void
open_window(struct reading *g)
{
	struct window *w = &g->window;

	*w = first_window(&g->page->below);
	if (g->filter->source != NULL ||
	    (g->page->offset > 0 && is_filtered(g->filter))) {
		strcpy(w->high.text, ID_LAST);
		w->low = id_floor(0);
	}
}

static enum status
put_windows(struct reading *g)
{
	enum status status;

	for (open_window(g);; move_window(&g->window)) {
		status = put_window(g);
		if (status != STATUS_OK || g->page->is_full ||
		    !is_below(&g->filter->since, &g->window.low))
			return status;
		if (g->page->offset > 0)
			status = skip_window(g);
		if (status != STATUS_OK)
			return status;
	}
}

void
events_page_answer(struct page *p, const struct context *ctx,
    const struct request *req, const struct events_filter *f,
    struct response *res)
{
	struct reading g = { .ctx = ctx, .filter = f, .page = p };
	enum status status;

	g.out = &res->body;
	buf_init(&g.ids, PAGE_MAX * 16);
	if (is_below(&f->until, &p->below))
		p->below = f->until;
	buf_putc(g.out, '[');
	status = put_windows(&g);
	buf_putc(g.out, ']');
	if (status != STATUS_OK) {
		problem_status(req, res, status);
	} else {
		if (p->is_full)
			page_link(req, "cursor", p->below.text, res);
		etag_answer(req, g.ids.data, g.ids.len, res);
	}
	buf_free(&g.ids);
}
