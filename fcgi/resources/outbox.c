#include "outbox.h"

#include <stdio.h>
#include <string.h>

#include "db.h"
#include "page.h"
#include "state.h"

enum {
	REPLAY_USUAL = 1000,
	REPLAY_MAX = 10000
};

/* The parameters that outbox_page.sql and outbox_replay.sql have in common. */
struct search {
	struct id below, since, subscription;
	char limit[24];
	const char *values[7];
};

/* A name mistyped must not repair more than was meant. */
static const char *const list_names[] = { "status", "subscription", "topic",
	"since", "until", "limit", "cursor", NULL };
static const char *const replay_names[] = { "status", "subscription", "topic",
	"since", "until", "limit", "cursor", "dry_run", NULL };
static const char *const retry_names[] = { "status", "subscription", NULL };

static void
read_search(struct page *p, const char *status, struct search *s)
{
	struct id until;

	s->below = p->below;
	if (page_time(p, "until", &until) &&
	    strcmp(until.text, s->below.text) < 0)
		s->below = until;
	snprintf(s->limit, sizeof(s->limit), "%lld", p->limit);
	s->values[0] = s->below.text;
	s->values[1] = s->limit;
	s->values[2] = page_time(p, "since", &s->since) ? s->since.text : NULL;
	s->values[3] = params_get(&p->params, "topic");
	s->values[4] = status;
	s->values[5] = page_id(p, "subscription", &s->subscription)
	    ? s->subscription.text
	    : NULL;
}

/* The statements make the JSON. */
static void
write_message(struct buf *out, const struct pg_result *r, int row)
{
	buf_puts(out, pg_value(r, row, 0));
}

static void
write_listed(struct buf *out, const struct pg_result *r, int row)
{
	buf_puts(out, pg_value(r, row, 1));
}

/* The name of a state, as the statements know it. */
static const char *
read_state(struct page *p)
{
	int state = delivery_state_find(params_get(&p->params, "status"));

	if (state >= 0)
		return delivery_state_names[state];
	return page_choice(p, "status", delivery_state_names);
}

/* Its second call goes on where the first has ended. */
static enum status
read_list(struct db *db, const struct page *p, const void *arg,
    struct pg_result **out)
{
	struct search s = *(const struct search *)arg;

	if (strcmp(p->below.text, s.below.text) < 0)
		s.below = p->below;
	snprintf(s.limit, sizeof(s.limit), "%lld", p->limit);
	s.values[0] = s.below.text;
	s.values[1] = s.limit;
	return db_run_planned(db, Q_outbox_page, 6, s.values, out);
}

static void
list(const struct context *ctx, const struct request *req, struct page *p,
    struct response *res)
{
	struct search s;
	const struct list all = { read_list, &s, write_listed, 2 };

	read_search(p, read_state(p), &s);
	page_only(p, list_names);
	if (page_check(p, req, res))
		page_answer(p, ctx, req, &all, res);
}

void
outbox_list(const struct context *ctx, const struct request *req,
    const char *arg, struct response *res)
{
	struct page page;

	(void)arg;
	if (page_open(&page, req, res))
		list(ctx, req, &page, res);
	page_free(&page);
}

void
outbox_get(const struct context *ctx, const struct request *req,
    const char *text, struct response *res)
{
	page_get_row(ctx, req, text, Q_outbox_get, write_message,
	    "No message has this id", res);
}

static void
retry(const struct context *ctx, const struct request *req, struct page *p,
    const struct id *id, struct response *res)
{
	const char *const states[] = { delivery_state_name(DELIVERY_FAILED),
		delivery_state_name(DELIVERY_EXPIRED),
		delivery_state_name(DELIVERY_RETRYING),
		delivery_state_name(DELIVERY_DELIVERED), NULL };
	const char *state = page_choice(p, "status", states);
	struct pg_result *r = NULL;
	enum status status;
	struct id to;
	const char *const values[] = { id->text,
		page_id(p, "subscription", &to) ? to.text : NULL, state };

	page_only(p, retry_names);
	if (!page_check(p, req, res))
		return;
	status = db_run(ctx->db, Q_outbox_retry, 3, values, &r);
	if (status != STATUS_OK) {
		problem_status(req, res, status);
	} else if (pg_rows(r) == 0) {
		problem_write(req, res, 404, "No message has this id");
	} else if (pg_int(r, 0, 0) == 0) {
		problem_write(req, res, 409,
		    "Nothing to retry: no delivery of this message to a "
		    "subscription that still exists is %s; what is held goes "
		    "on when its subscription is resumed",
		    state != NULL ? state : "failed, expired or retrying");
	} else {
		res->status = 202;
		buf_printf(&res->body, "{\"retried\":%s}", pg_value(r, 0, 0));
	}
	pg_free(r);
}

/* A body would be ignored, and what it asked for with it. */
static bool
has_no_body(const struct request *req, struct response *res)
{
	if (req->body_len == 0)
		return true;
	problem_write(req, res, 422,
	    "Parameters go into the query string; there is no body");
	return false;
}

void
outbox_retry(const struct context *ctx, const struct request *req,
    const char *text, struct response *res)
{
	struct page page;
	struct id id;

	if (!has_no_body(req, res) || !page_path_id(req, text, &id, res))
		return;
	if (page_open(&page, req, res))
		retry(ctx, req, &page, &id, res);
	page_free(&page);
}

static void
replay(const struct context *ctx, const struct request *req, struct page *p,
    struct response *res)
{
	const char *const states[] = { delivery_state_name(DELIVERY_FAILED),
		delivery_state_name(DELIVERY_EXPIRED),
		delivery_state_name(DELIVERY_DELIVERED), NULL };
	static const char *const bools[] = { "true", "false", NULL };
	const char *state = page_choice(p, "status", states);
	const char *dry_run = page_choice(p, "dry_run", bools);
	struct pg_result *r = NULL;
	enum status status;
	struct search s;

	read_search(p, state != NULL ? state : states[0], &s);
	s.values[6] = dry_run != NULL ? dry_run : "false";
	page_only(p, replay_names);
	if (!page_check(p, req, res))
		return;
	status = db_run_planned(ctx->db, Q_outbox_replay, 7, s.values, &r);
	if (status != STATUS_OK)
		problem_status(req, res, status);
	else
		buf_puts(&res->body, pg_value(r, 0, 0));
	pg_free(r);
}

void
outbox_replay(const struct context *ctx, const struct request *req,
    const char *arg, struct response *res)
{
	struct page page;

	(void)arg;
	if (!has_no_body(req, res))
		return;
	if (page_open_to(&page, REPLAY_USUAL, REPLAY_MAX, req, res))
		replay(ctx, req, &page, res);
	page_free(&page);
}
