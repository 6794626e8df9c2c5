#include "batch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "body.h"
#include "clock.h"
#include "intake.h"
#include "items.h"
#include "problem.h"
#include "results.h"
#include "score.h"
#include "store.h"
#include "validate.h"

enum {
	FIRST_EVENTS = 128,
	INDEX_LEN = 8 /* "/9999" */
};

struct batch {
	const struct context *ctx;
	struct intake in;
	bool atomic, minimal;
	struct entry *entries;
	size_t n, room;
};

/* --- reading --- */

static bool
read_options(struct batch *b)
{
	const struct request *req = b->in.req;
	const char *atomic = params_get(&b->in.params, "atomic");
	struct faults faults;

	b->minimal =
	    req->prefer != NULL && strcasestr(req->prefer, "return=minimal");
	b->atomic = atomic != NULL && strcmp(atomic, "true") == 0;
	if (atomic == NULL || b->atomic || strcmp(atomic, "false") == 0)
		return true;
	faults_init(&faults);
	faults_add_text(&faults, "bool_parsing", "query", "atomic",
	    "Input should be true or false", atomic);
	problem_faults(req, b->in.res, &faults);
	faults_free(&faults);
	return false;
}

/* An array with a syntax error has no items that could be told apart. */
static bool
check_array(const struct batch *b)
{
	const struct request *req = b->in.req;
	enum status status;
	struct faults faults;

	faults_init(&faults);
	status = validate_array(req->body, req->body_len, &faults);
	if (status == STATUS_REJECT)
		problem_faults(req, b->in.res, &faults);
	else if (status != STATUS_OK)
		problem_status(req, b->in.res, status);
	faults_free(&faults);
	return status == STATUS_OK;
}

static struct entry *
add_entry(struct batch *b)
{
	size_t room = b->room > 0 ? 2 * b->room : FIRST_EVENTS;
	struct entry *more;

	if (b->n == b->room) {
		more = realloc(b->entries, room * sizeof(*more));
		if (more == NULL)
			return NULL;
		b->entries = more;
		b->room = room;
	}
	return &b->entries[b->n];
}

/* Item i of a batch with the key K has the key "K/i". */
static bool
make_key(struct batch *b, struct entry *e)
{
	e->key = NULL;
	return b->in.key == NULL ||
	    asprintf(&e->key, "%s/%zu", b->in.key, b->n) > 0;
}

static bool
read_item(struct batch *b, const struct item *item, enum event_form form)
{
	struct event given = intake_given(&b->in);
	struct entry *e = add_entry(b);

	if (e == NULL || !make_key(b, e))
		return false;
	given.form = form;
	given.body = item->text;
	given.body_len = item->len;
	given.key = e->key;
	event_init(&e->event, &given);
	e->too_large = item->len > BODY_MAX;
	e->is_misused = false;
	b->n++;
	return true;
}

static bool
read_items(struct batch *b)
{
	const struct request *req = b->in.req;
	enum body_media media = body_media(req);
	struct items items;
	struct item item;

	if (media != BODY_NDJSON && !check_array(b))
		return false;
	items_init(&items, req->body, req->body_len, media != BODY_NDJSON);
	while (items_next(&items, &item)) {
		if (b->n == BATCH_EVENTS) {
			problem_write(req, b->in.res, 413,
			    "The batch has more than %d events", BATCH_EVENTS);
			return false;
		}
		if (!read_item(b, &item,
			media == BODY_CLOUDEVENTS ? EVENT_STRUCTURED
						  : EVENT_PLAIN)) {
			problem_status(req, b->in.res, STATUS_FAULT);
			return false;
		}
	}
	return true;
}

/* An event that was checked must not move: its own parts point at others. */
static bool
check_items(struct batch *b)
{
	struct entry *e;

	for (e = b->entries; e < b->entries + b->n; e++) {
		if (e->too_large)
			continue;
		event_check(&e->event);
		if (e->event.end != EVENT_FAILED)
			continue;
		problem_status(b->in.req, b->in.res, e->event.status);
		return false;
	}
	return true;
}

static bool
check_key(const struct batch *b)
{
	char longest[4 * KEY_MAX + INDEX_LEN];

	if (b->in.key == NULL)
		return true;
	snprintf(
	    longest, sizeof(longest), "%s/%d", b->in.key, BATCH_EVENTS - 1);
	if (event_key_is_fit(longest))
		return true;
	problem_write(b->in.req, b->in.res, 422,
	    "The key of a batch has 1 to %zu characters: each event gets it, "
	    "a slash and its index",
	    KEY_MAX - strlen("/9999"));
	return false;
}

/* --- storing --- */

static bool
is_fit(const struct batch *b)
{
	size_t i;

	for (i = 0; i < b->n; i++)
		if (b->entries[i].too_large ||
		    b->entries[i].event.end != EVENT_CHECKED)
			return false;
	return true;
}

/* The events to be stored, or kept apart; NULL: no memory. */
static struct event **
list_events(const struct batch *b, size_t *n)
{
	struct event **list = malloc((b->n + 1) * sizeof(*list));
	size_t i;

	for (i = *n = 0; list != NULL && i < b->n; i++)
		if (!b->entries[i].too_large)
			list[(*n)++] = &b->entries[i].event;
	return list;
}

/* Whether the key of an event was used with another body; found afterwards. */
static bool
find_misused(struct batch *b)
{
	bool found = false;
	size_t i;

	for (i = 0; i < b->n; i++) {
		b->entries[i].is_misused =
		    intake_is_misused(&b->in, &b->entries[i].event);
		found = found || b->entries[i].is_misused;
	}
	return found;
}

/* False: nothing at all was stored; *status says why, or has no fault. */
static bool
store(struct batch *b, struct event **list, size_t n, enum status *status)
{
	const char *schedule = b->ctx->config->retry_schedule;
	struct db *db = b->ctx->db;
	size_t i, failed = 0;

	*status = STATUS_OK;
	if (b->atomic && b->in.key_from_header) {
		*status = store_find(db, list, n);
		if (*status != STATUS_OK || find_misused(b))
			return false;
	}
	event_store(db, list, n, schedule, b->atomic);
	find_misused(b);
	for (i = 0; i < n; i++)
		if (list[i]->end == EVENT_FAILED) {
			*status = list[i]->status;
			failed++;
		}
	return n == 0 || failed < n;
}

static void
answer(struct batch *b, bool is_stored)
{
	struct results r = { b->entries, b->n, is_stored, b->minimal, { 0 } };
	size_t i;

	results_count(&r);
	for (i = 0; i < OUTCOMES; i++)
		if (r.ends[i] > 0)
			score_batch(b->in.service,
			    is_stored ? (enum outcome)i : OUTCOME_REFUSED,
			    r.ends[i]);
	b->in.res->status = is_stored ? 200 : 422;
	results_write(&b->in.res->body, &r);
	if (b->minimal)
		buf_puts(&b->in.res->headers,
		    "Preference-Applied: return=minimal\r\n");
}

static void
fail(struct batch *b, enum status status)
{
	score_batch(b->in.service,
	    status == STATUS_REJECT ? OUTCOME_REFUSED : OUTCOME_FAILED, b->n);
	problem_status(b->in.req, b->in.res, status);
}

static void
store_and_answer(struct batch *b)
{
	const struct config *config = b->ctx->config;
	int timeout_ms = config->request_timeout * 1000 / 2;
	enum status status = STATUS_FAULT;
	bool is_stored = false;
	struct event **list;
	size_t n;

	list = list_events(b, &n);
	/* Two statements at most, in the time that a request may take. */
	db_set_timeout(b->ctx->db,
	    timeout_ms > config->db_timeout_ms ? timeout_ms
					       : config->db_timeout_ms);
	if (list != NULL)
		is_stored = store(b, list, n, &status);
	db_set_timeout(b->ctx->db, config->db_timeout_ms);
	free(list);
	if (is_stored || status == STATUS_OK)
		answer(b, is_stored);
	else
		fail(b, status);
}

static void
close_batch(struct batch *b)
{
	size_t i;

	for (i = 0; i < b->n; i++) {
		event_free(&b->entries[i].event);
		free(b->entries[i].key);
	}
	free(b->entries);
}

void
batch_post(const struct context *ctx, const struct request *req,
    const char *service, struct response *res)
{
	struct batch b = { .ctx = ctx };
	int64_t began = clock_steady_us();
	bool is_read = intake_open(&b.in, req, service,
			   BODY_JSON | BODY_NDJSON | BODY_CLOUDEVENTS, res) &&
	    read_options(&b) && check_key(&b) && read_items(&b) &&
	    check_items(&b);

	res->took.parse = clock_steady_us() - began;
	if (is_read && b.atomic && !is_fit(&b))
		answer(&b, false);
	else if (is_read)
		store_and_answer(&b);
	close_batch(&b);
}
