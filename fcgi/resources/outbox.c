#include "outbox.h"

#include <stdio.h>
#include <string.h>

#include "body.h"
#include "db.h"
#include "page.h"
#include "state.h"

enum {
	REPLAY_USUAL = 1000,
	REPLAY_MAX = 10000
};

/* The filters of a list or of a replay. */
struct search {
	struct id below, since_id, subscription_id;
	char limit[24];
	const char *since, *topic, *state, *subscription; /* or NULL */
};

static void
read_search(struct page *p, const char *status, struct search *s)
{
	struct id until;

	s->below = p->below;
	if (page_time(p, "until", &until) &&
	    strcmp(until.text, s->below.text) < 0)
		s->below = until;
	snprintf(s->limit, sizeof(s->limit), "%lld", p->limit);
	s->since =
	    page_time(p, "since", &s->since_id) ? s->since_id.text : NULL;
	s->topic = params_get(&p->params, "topic");
	s->state = status;
	s->subscription = page_id(p, "subscription", &s->subscription_id)
	    ? s->subscription_id.text
	    : NULL;
}

/* The statements return JSON. */
static void
write_message(struct buf *out, const struct pg_result *r, int row)
{
	buf_puts(out, pg_value(r, row, OUTBOX_GET_MESSAGE));
}

static void
write_listed(struct buf *out, const struct pg_result *r, int row)
{
	buf_puts(out, pg_value(r, row, OUTBOX_PAGE_MESSAGE));
}

/* The state that ?status= names; "sent" is an old name of "unclaimed". */
static const char *
read_state(struct page *p)
{
	int state = delivery_state_find(params_get(&p->params, "status"));

	if (state >= 0)
		return delivery_state_names[state];
	return page_choice(p, "status", delivery_state_names);
}

/* p->below moves with each call, s->below is the filter: the smaller counts. */
static enum status
read_list(struct db *db, const struct page *p, const void *arg,
    struct pg_result **out)
{
	const struct search *s = arg;
	const char *below = s->below.text;
	char limit[24];

	if (strcmp(p->below.text, below) < 0)
		below = p->below.text;
	const char *const values[OUTBOX_PAGE_ARGS] = {
		[OUTBOX_PAGE_ARG_CURSOR] = below,
		[OUTBOX_PAGE_ARG_LIMIT] = limit,
		[OUTBOX_PAGE_ARG_SINCE] = s->since,
		[OUTBOX_PAGE_ARG_TOPIC] = s->topic,
		[OUTBOX_PAGE_ARG_STATE] = s->state,
		[OUTBOX_PAGE_ARG_SUBSCRIPTION_ID] = s->subscription,
	};

	snprintf(limit, sizeof(limit), "%lld", p->limit);
	return db_run_planned(db, Q_outbox_page, values, out);
}

static void
list(const struct context *ctx, const struct request *req, struct page *p,
    struct response *res)
{
	struct search s;
	const struct listing all = { read_list, &s, write_listed,
		OUTBOX_PAGE_ID, OUTBOX_PAGE_MORE };

	read_search(p, read_state(p), &s);
	page_only(p, req);
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
	const char *const values[OUTBOX_RETRY_ARGS] = {
		[OUTBOX_RETRY_ARG_MESSAGE_ID] = id->text,
		[OUTBOX_RETRY_ARG_SUBSCRIPTION_ID] =
		    page_id(p, "subscription", &to) ? to.text : NULL,
		[OUTBOX_RETRY_ARG_STATE] = state,
	};

	page_only(p, req);
	if (!page_check(p, req, res))
		return;
	status = db_run(ctx->db, Q_outbox_retry, values, &r);
	if (status != STATUS_OK) {
		problem_status(req, res, status);
	} else if (pg_rows(r) == 0) {
		problem_write(req, res, 404, "No message has this id");
	} else if (pg_int(r, 0, OUTBOX_RETRY_RETRIED) == 0) {
		problem_write(req, res, 409,
		    "Nothing to retry: no delivery of this message to a "
		    "subscription that still exists is %s; held deliveries go "
		    "on when their subscription is resumed",
		    state != NULL ? state : "failed, expired or retrying");
	} else {
		res->status = 202;
		buf_printf(&res->body, "{\"retried\":%s}",
		    pg_value(r, 0, OUTBOX_RETRY_RETRIED));
	}
	pg_free(r);
}

/* A body is refused, since parameters in it would be ignored. */
static bool
has_no_body(const struct request *req, struct response *res)
{
	if (body_is_absent(req))
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

static enum status
run_replay(struct db *db, const struct search *s, const char *dry_run,
    struct pg_result **out)
{
	const char *const values[OUTBOX_REPLAY_ARGS] = {
		[OUTBOX_REPLAY_ARG_UNTIL] = s->below.text,
		[OUTBOX_REPLAY_ARG_LIMIT] = s->limit,
		[OUTBOX_REPLAY_ARG_SINCE] = s->since,
		[OUTBOX_REPLAY_ARG_TOPIC] = s->topic,
		[OUTBOX_REPLAY_ARG_STATE] = s->state,
		[OUTBOX_REPLAY_ARG_SUBSCRIPTION_ID] = s->subscription,
		[OUTBOX_REPLAY_ARG_DRY_RUN] = dry_run,
	};

	return db_run_planned(db, Q_outbox_replay, values, out);
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
	/* Ignoring a mistyped filter would resend too much. */
	page_only(p, req);
	if (!page_check(p, req, res))
		return;
	status =
	    run_replay(ctx->db, &s, dry_run != NULL ? dry_run : "false", &r);
	if (status != STATUS_OK)
		problem_status(req, res, status);
	else
		buf_puts(&res->body, pg_value(r, 0, OUTBOX_REPLAY_JSON));
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
