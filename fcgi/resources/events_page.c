#include "events_page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "etag.h"
#include "event_row.h"
#include "events_window.h"

EVENT_ROW_CHECK(EVENTS_PAGE);

static bool
is_below(const struct id *a, const struct id *b)
{
	return strcmp(a->text, b->text) < 0;
}

/* What is read of a page, and how far it has come. */
struct reading {
	const struct context *ctx;
	bool is_search; /* there are filters */
	struct search search;
	struct page *page;
	struct id bottom; /* the least id */
	struct window window;
	struct buf *out;
	struct buf ids; /* of the rows, which never change: makes the ETag */
};

enum status
events_read(struct db *db, const struct id *id, struct pg_result **out)
{
	struct window week = window_of(id);
	const char *const values[EVENT_GET_ARGS] = {
		[EVENT_GET_ARG_ID] = id->text,
		[EVENT_GET_ARG_LOW] = week.low.text,
		[EVENT_GET_ARG_HIGH] = week.high.text,
	};

	_Static_assert(EVENT_GET_ARG_ID == 0, "the open parameter");
	return db_run_kept(db, Q_event_get, values, 1, out);
}

static enum status
put_long(struct db *db, struct buf *out, const struct id *id)
{
	struct pg_result *r = NULL;
	enum status status = events_read(db, id, &r);

	if (status == STATUS_OK && pg_rows(r) > 0)
		event_row_write(out, r, 0);
	else if (status == STATUS_OK) /* its partition was dropped just now */
		status = STATUS_RETRY;
	pg_free(r);
	return status;
}

enum status
events_put_row(struct db *db, struct buf *out, const struct pg_result *r,
    int row, bool *fits)
{
	size_t before = out->len;
	bool is_first = before == 1;
	enum status status = STATUS_OK;
	struct id id;

	if (!is_first)
		buf_putc(out, ',');
	if (!event_row_is_long(r, row)) {
		event_row_write(out, r, row);
	} else {
		id = event_row_id(r, row);
		status = put_long(db, out, &id);
	}
	/* The array's end must fit as well. */
	*fits = is_first || out->len < PAGE_BYTES;
	if (!*fits)
		buf_cut(out, before);
	return status;
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
		[EVENTS_PAGE_ARG_LOW] = id_greatest(&w->low, &g->bottom)->text,
		[EVENTS_PAGE_ARG_HIGH] = w->high.text,
		[EVENTS_PAGE_ARG_LIMIT] = limit,
		[EVENTS_PAGE_ARG_OFFSET] = offset,
	};

	_Static_assert(EVENTS_PAGE_ARG_CURSOR == 0, "the open parameter");
	return db_run_kept(
	    g->ctx->db, Q_events_page, values, is_open ? 1 : 0, out);
}

/* Rows in the order of the page; r can be NULL. */
struct rows {
	const struct pg_result *r;
	int at, n;
};

static const char *
next_id(const struct rows *rows)
{
	return rows->at < rows->n ? pg_value(rows->r, rows->at, EVENT_GET_ID)
				  : "";
}

static bool
is_newer(const struct rows *a, const struct rows *b)
{
	return b->at == b->n ||
	    (a->at < a->n && memcmp(next_id(a), next_id(b), 16) > 0);
}

/* Appends the rows of both, the newest first, and moves the cursor. */
static enum status
put_rows(
    struct reading *g, const struct pg_result *r, const struct pg_result *own)
{
	struct rows a = { r, 0, pg_rows(r) }, *from;
	struct rows b = { own, 0, own != NULL ? pg_rows(own) : 0 };
	struct page *p = g->page;
	enum status status = STATUS_OK;
	bool fits = true;

	while (
	    status == STATUS_OK && p->limit > 0 && (a.at < a.n || b.at < b.n)) {
		from = is_newer(&a, &b) ? &a : &b;
		status = events_put_row(
		    g->ctx->db, g->out, from->r, from->at, &fits);
		if (!fits)
			break;
		buf_put(&g->ids, next_id(from), 16);
		p->below = event_row_id(from->r, from->at++);
		p->limit--;
		p->offset = 0;
	}
	p->is_full = !fits || p->limit == 0;
	return status;
}

/* Appends the rows that pass the filters, of both kinds of time. */
static enum status
put_some(struct reading *g, const struct span *span, const char *limit,
    const char *offset)
{
	const struct search *s = &g->search;
	struct pg_result *r = NULL, *own = NULL;
	struct db *db = g->ctx->db;
	enum status status;

	status = events_search_read(s, db, span, limit, offset, &r);
	if (status == STATUS_OK && s->has_own)
		status = events_search_own(s, db, span, limit, &own);
	if (status == STATUS_OK)
		status = put_rows(g, r, own);
	pg_free(own);
	pg_free(r);
	return status;
}

/*
 * Appends the window's rows that pass the filters. A window in which they are
 * not looked for in all rows ends the page, with a Link to where that ended.
 */
static enum status
search_window(struct reading *g, const char *limit, const char *offset)
{
	const struct search *s = &g->search;
	struct db *db = g->ctx->db;
	struct page *p = g->page;
	struct span span = { .below = p->below, .high = g->window.high };
	struct id end;
	bool is_whole = p->offset > 0; /* all rows are looked at */
	bool is_cut = false;
	enum status status = STATUS_OK;

	span.low = *id_greatest(&g->window.low, &g->bottom);
	/* Rows of two kinds are read down to the same id. */
	if (s->has_own)
		status = events_search_end(s, db, &span, &is_cut, &end);
	if (is_cut)
		span.low = end;
	if (status == STATUS_OK)
		status = put_some(g, &span, limit, offset);
	if (status != STATUS_OK || p->is_full || is_whole)
		return status;
	if (!s->has_own)
		status = events_search_end(s, db, &span, &is_cut, &end);
	if (is_cut) {
		p->below = *id_least(&p->below, &end);
		p->is_full = true;
	}
	return status;
}

/* Appends the rows of the window. */
static enum status
put_window(struct reading *g)
{
	char limit[16], offset[24];
	struct pg_result *r = NULL;
	enum status status;

	snprintf(limit, sizeof(limit), "%lld", g->page->limit);
	snprintf(offset, sizeof(offset), "%lld", g->page->offset);
	if (g->is_search)
		return search_window(g, limit, offset);
	status = read_all(g, limit, offset, &r);
	if (status == STATUS_OK)
		status = put_rows(g, r, NULL);
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
		    id_least(&g->page->below, &g->window.high)->text,
		[EVENTS_SKIP_ARG_LOW] =
		    id_greatest(&g->window.low, &g->bottom)->text,
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

/*
 * Few events have the same cause, so they are looked for at once. An offset
 * counts the rows that pass the filters, so it is left to SQL.
 */
static void
open_window(struct reading *g)
{
	g->window = window_first(&g->page->below);
	if (g->is_search &&
	    (g->search.filter->source != NULL || g->page->offset > 0))
		g->window = window_all();
}

static enum status
put_windows(struct reading *g)
{
	enum status status;

	for (open_window(g);; window_move(&g->window)) {
		status = put_window(g);
		if (status != STATUS_OK || g->page->is_full ||
		    !is_below(&g->bottom, &g->window.low))
			return status;
		if (g->page->offset > 0)
			status = skip_window(g);
		if (status != STATUS_OK)
			return status;
	}
}

static enum status
put_page(struct reading *g, const struct events_filter *f)
{
	enum status status;

	if (is_below(&f->until, &g->page->below))
		g->page->below = f->until;
	g->bottom = f->since;
	if (events_search_is_needed(f)) {
		status = events_search_open(&g->search, g->ctx->db, f,
		    &g->page->below, g->page->offset);
		if (status != STATUS_OK)
			return status;
		g->bottom = g->search.bottom;
		g->is_search = true;
	}
	return put_windows(g);
}

void
events_page_answer(struct page *p, const struct context *ctx,
    const struct request *req, const struct events_filter *f,
    struct response *res)
{
	struct reading g = { .ctx = ctx, .page = p, .out = &res->body };
	enum status status;

	buf_init(&g.ids, PAGE_MAX * 16 + sizeof(EVENT_ROW_FORMAT));
	buf_puts(&g.ids, EVENT_ROW_FORMAT);
	buf_putc(g.out, '[');
	status = put_page(&g, f);
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
