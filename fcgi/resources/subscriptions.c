#include "subscriptions.h"

#include <stdio.h>
#include <string.h>

#include "body.h"
#include "db.h"
#include "log.h"
#include "page.h"
#include "secret.h"
#include "static_headers.h"
#include "subscription_body.h"
#include "topic.h"
#include "validate.h"

enum {
	COLUMNS_MAX = 64 << 10,
	WARNINGS_MAX = 16 << 10
};

/* One request, with everything that finish() frees. */
struct work {
	const struct context *ctx;
	const struct request *req;
	struct response *res;
	struct id id;
	struct json *body;
	struct faults faults;
	struct buf columns;
	struct pg_result *rows;
};

static void
start(struct work *w, const struct context *ctx, const struct request *req,
    struct response *res)
{
	*w = (struct work){ .ctx = ctx, .req = req, .res = res };
	faults_init(&w->faults);
	buf_init(&w->columns, COLUMNS_MAX);
}

static void
finish(struct work *w)
{
	json_free(w->body);
	faults_free(&w->faults);
	buf_free(&w->columns);
	pg_free(w->rows);
}

/* Each step below returns true, or answers the request and returns false. */

static bool
check_faults(struct work *w)
{
	if (w->faults.n == 0)
		return true;
	problem_faults(w->req, w->res, &w->faults);
	return false;
}

static bool
read_body(struct work *w)
{
	enum status status;

	if (!body_check(w->req, BODY_JSON, w->res))
		return false;
	status = validate_parse(
	    w->req->body, w->req->body_len, &w->body, &w->faults);
	if (status == STATUS_REJECT)
		return check_faults(w);
	if (status != STATUS_OK)
		problem_status(w->req, w->res, status);
	return status == STATUS_OK;
}

static bool
read_columns(struct work *w, bool is_new)
{
	if (!read_body(w))
		return false;
	subscription_body_read(
	    w->ctx->guard, json_root(w->body), is_new, &w->columns, &w->faults);
	if (!check_faults(w))
		return false;
	if (w->columns.failed)
		problem_status(w->req, w->res, STATUS_FAULT);
	return !w->columns.failed;
}

/* The body can be absent. */
static bool
read_grace(struct work *w, char seconds[16])
{
	int n = SUBSCRIPTION_GRACE_SECONDS;

	if (!body_is_absent(w->req)) {
		if (!read_body(w))
			return false;
		n = subscription_body_grace(json_root(w->body), &w->faults);
	}
	snprintf(seconds, 16, "%d", n);
	return check_faults(w);
}

static bool
make_secret(struct work *w, char secret[SECRET_LEN + 1])
{
	enum status status = secret_new(secret);

	if (status == STATUS_OK)
		return true;
	log_error("subscriptions: no secret was made, since the kernel gave no "
		  "random bytes");
	problem_status(w->req, w->res, status);
	return false;
}

/* True: w->rows has a row. */
static bool
run(struct work *w, enum query query, const char *const values[])
{
	enum status status = db_run(w->ctx->db, query, values, &w->rows);

	if (status != STATUS_OK)
		problem_status(w->req, w->res, status);
	else if (pg_rows(w->rows) == 0)
		problem_write(
		    w->req, w->res, 404, "No subscription has this id");
	else
		return true;
	return false;
}

/* The kinds of faults that subscription_update.sql finds. */
static const struct {
	const char *kind, *member, *msg;
} refusals[] = {
	{ "credentials_unknown", "url",
	    "The password is masked, and none is kept for this server and "
	    "user: give it anew" },
	{ "header_unknown", "headers",
	    "The value is masked, and none is kept for this header: give it "
	    "anew" },
	{ "header_moves", "headers",
	    "The value is masked, and the URL is that of another server: give "
	    "it anew" },
	{ "headers_move", "headers",
	    "The URL is that of another server, which the headers are not "
	    "sent to: give them anew, or null" },
	{ "headers_of_nats", "headers", SUBSCRIPTION_HEADERS_OF_NATS },
};

static void
add_refusal(struct work *w, int row)
{
	const char *kind = pg_value(w->rows, row, SUBSCRIPTION_UPDATE_KIND);
	size_t i;

	for (i = 0; i < sizeof(refusals) / sizeof(*refusals); i++)
		if (strcmp(refusals[i].kind, kind) == 0)
			faults_add_inner(&w->faults, "value_error", "body",
			    refusals[i].member,
			    pg_value(w->rows, row, SUBSCRIPTION_UPDATE_NAME),
			    refusals[i].msg, "\"" STATIC_HEADERS_MASK "\"");
}

/* If the change was not made, each row is a fault and names its kind. */
static bool
check_change(struct work *w)
{
	int row, n = pg_rows(w->rows);

	for (row = 0; row < n; row++)
		if (pg_value(w->rows, row, SUBSCRIPTION_UPDATE_KIND) != NULL)
			add_refusal(w, row);
	return check_faults(w);
}

/* put_subscription() reads these statements' rows by the same columns. */
#define BEGINS_ALIKE(x)                                                        \
	_Static_assert((int)x##_JSON == SUBSCRIPTION_GET_JSON &&               \
		(int)x##_TOPIC == SUBSCRIPTION_GET_TOPIC,                      \
	    "the first columns of " #x " are not those of SUBSCRIPTION_GET")
BEGINS_ALIKE(SUBSCRIPTION_CREATE);
BEGINS_ALIKE(SUBSCRIPTION_ROTATE);
BEGINS_ALIKE(SUBSCRIPTION_UPDATE);

/* The row is JSON; the answer has members that the row cannot have. */
static void
put_subscription(struct work *w, const char *secret)
{
	const char *row = pg_value(w->rows, 0, SUBSCRIPTION_GET_JSON);
	struct buf *out = &w->res->body, warnings;
	struct scan_error error;
	struct json *json;

	if (json_parse(row, strlen(row), &json, &error) != STATUS_OK) {
		problem_status(w->req, w->res, STATUS_FAULT);
		return;
	}
	buf_init(&warnings, WARNINGS_MAX);
	topic_warnings(&warnings, pg_value(w->rows, 0, SUBSCRIPTION_GET_TOPIC));
	buf_putc(out, '{');
	json_write_inside(out, json_root(json));
	if (warnings.len > 0)
		buf_printf(out, ",\"warnings\":%s", warnings.data);
	if (secret != NULL)
		buf_printf(out, ",\"secret\":\"%s\"", secret);
	buf_putc(out, '}');
	buf_free(&warnings);
	json_free(json);
}

void
subscriptions_post(const struct context *ctx, const struct request *req,
    const char *arg, struct response *res)
{
	char secret[SECRET_LEN + 1];
	struct work w;

	(void)arg;
	start(&w, ctx, req, res);
	w.id = id_new();
	if (read_columns(&w, true) && make_secret(&w, secret) &&
	    run(&w, Q_subscription_create,
		(const char *const[SUBSCRIPTION_CREATE_ARGS]){
		    [SUBSCRIPTION_CREATE_ARG_ID] = w.id.text,
		    [SUBSCRIPTION_CREATE_ARG_COLUMNS] = w.columns.data,
		    [SUBSCRIPTION_CREATE_ARG_SECRET] = secret })) {
		res->status = 201;
		buf_printf(&res->headers, "Location: /subscriptions/%s\r\n",
		    w.id.text);
		put_subscription(&w, secret);
	}
	finish(&w);
}

static void
write_listed(struct buf *out, const struct pg_result *r, int row)
{
	buf_puts(out, pg_value(r, row, SUBSCRIPTIONS_PAGE_JSON));
}

static enum status
read_page(struct db *db, const struct page *p, const void *arg,
    struct pg_result **out)
{
	char limit[16], offset[24];
	const char *const values[SUBSCRIPTIONS_PAGE_ARGS] = {
		[SUBSCRIPTIONS_PAGE_ARG_CURSOR] = p->below.text,
		[SUBSCRIPTIONS_PAGE_ARG_LIMIT] = limit,
		[SUBSCRIPTIONS_PAGE_ARG_OFFSET] = offset,
	};

	(void)arg;
	snprintf(limit, sizeof(limit), "%lld", p->limit);
	snprintf(offset, sizeof(offset), "%lld", p->offset);
	return db_run(db, Q_subscriptions_page, values, out);
}

void
subscriptions_list(const struct context *ctx, const struct request *req,
    const char *arg, struct response *res)
{
	static const struct listing list = { read_page, NULL, write_listed,
		SUBSCRIPTIONS_PAGE_ID, SUBSCRIPTIONS_PAGE_MORE };

	(void)arg;
	page_list(ctx, req, &list, res);
}

void
subscriptions_get(const struct context *ctx, const struct request *req,
    const char *id, struct response *res)
{
	struct work w;

	start(&w, ctx, req, res);
	if (page_path_id(req, id, &w.id, res) &&
	    run(&w, Q_subscription_get,
		(const char *const[SUBSCRIPTION_GET_ARGS]){
		    [SUBSCRIPTION_GET_ARG_ID] = w.id.text }))
		put_subscription(&w, NULL);
	finish(&w);
}

void
subscriptions_patch(const struct context *ctx, const struct request *req,
    const char *id, struct response *res)
{
	struct work w;

	start(&w, ctx, req, res);
	if (page_path_id(req, id, &w.id, res) && read_columns(&w, false) &&
	    run(&w, Q_subscription_update,
		(const char *const[SUBSCRIPTION_UPDATE_ARGS]){
		    [SUBSCRIPTION_UPDATE_ARG_ID] = w.id.text,
		    [SUBSCRIPTION_UPDATE_ARG_PATCH] = w.columns.data }) &&
	    check_change(&w))
		put_subscription(&w, NULL);
	finish(&w);
}

void
subscriptions_delete(const struct context *ctx, const struct request *req,
    const char *id, struct response *res)
{
	struct work w;

	start(&w, ctx, req, res);
	if (page_path_id(req, id, &w.id, res) &&
	    run(&w, Q_subscription_delete,
		(const char *const[SUBSCRIPTION_DELETE_ARGS]){
		    [SUBSCRIPTION_DELETE_ARG_ID] = w.id.text }))
		res->status = 204;
	finish(&w);
}

void
subscriptions_rotate(const struct context *ctx, const struct request *req,
    const char *id, struct response *res)
{
	char secret[SECRET_LEN + 1], seconds[16];
	struct work w;

	start(&w, ctx, req, res);
	if (page_path_id(req, id, &w.id, res) && read_grace(&w, seconds) &&
	    make_secret(&w, secret) &&
	    run(&w, Q_subscription_rotate,
		(const char *const[SUBSCRIPTION_ROTATE_ARGS]){
		    [SUBSCRIPTION_ROTATE_ARG_ID] = w.id.text,
		    [SUBSCRIPTION_ROTATE_ARG_SECRET] = secret,
		    [SUBSCRIPTION_ROTATE_ARG_GRACE_SECONDS] = seconds }))
		put_subscription(&w, secret);
	finish(&w);
}

void
subscriptions_test(const struct context *ctx, const struct request *req,
    const char *id, struct response *res)
{
	struct id message = id_new();
	struct work w;

	start(&w, ctx, req, res);
	if (page_path_id(req, id, &w.id, res) &&
	    run(&w, Q_subscription_test,
		(const char *const[SUBSCRIPTION_TEST_ARGS]){
		    [SUBSCRIPTION_TEST_ARG_SUBSCRIPTION_ID] = w.id.text,
		    [SUBSCRIPTION_TEST_ARG_ID] = message.text,
		    [SUBSCRIPTION_TEST_ARG_REQUEST_ID] = req->request_id,
		    [SUBSCRIPTION_TEST_ARG_TRACEPARENT] = req->traceparent })) {
		res->status = 202;
		buf_printf(&res->body, "{\"id\":\"%s\"}", message.text);
	}
	finish(&w);
}
