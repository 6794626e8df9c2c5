#include "batch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "body.h"
#include "clock.h"
#include "intake.h"
#include "items.h"
#include "problem.h"
#include "score.h"
#include "validate.h"

enum {
	FIRST_EVENTS = 128,
	INDEX_LEN = 8, /* "/9999" */
	/* Beyond it, faults are told in brief: the answer must fit. */
	FULL_ANSWER_MAX = 8 << 20,
	BRIEF_MAX = 2048
};

struct entry {
	struct event event;
	char *key;      /* the header's or the query's, with the index */
	bool too_large; /* for a single request too; not checked */
};

struct batch {
	const struct context *ctx;
	struct intake in;
	bool atomic, minimal;
	struct entry *entries;
	size_t n, room;
	size_t ends[OUTCOMES];
	bool failed; /* out of memory */
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
	if (!e->too_large)
		event_check(&e->event);
	b->n++;
	return e->too_large || e->event.end != EVENT_FAILED;
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

/* False: nothing at all was stored, and the request was answered. */
static bool
store(struct batch *b)
{
	struct event **list = malloc((b->n + 1) * sizeof(*list));
	const struct config *config = b->ctx->config;
	size_t i, n = 0, failed = 0;
	enum status status = STATUS_FAULT;
	bool has_answers;

	for (i = 0; list != NULL && i < b->n; i++)
		if (!b->entries[i].too_large)
			list[n++] = &b->entries[i].event;
	if (list != NULL) {
		/* The server has half of the time for the request. */
		db_limit(b->ctx->db, config->request_timeout * 1000 * 3 / 4);
		event_store(
		    b->ctx->db, list, n, config->retry_schedule, b->atomic);
		db_limit(b->ctx->db, 0);
	}
	for (i = 0; i < n; i++)
		if (list[i]->end == EVENT_FAILED) {
			status = list[i]->status;
			failed++;
		}
	has_answers = list != NULL && (n == 0 || failed < n);
	free(list);
	if (has_answers)
		return true;
	score_batch(b->in.service,
	    status == STATUS_REJECT ? OUTCOME_REFUSED : OUTCOME_FAILED, b->n);
	problem_status(b->in.req, b->in.res, status);
	return false;
}

/* --- answering --- */

static bool
is_misused(const struct batch *b, const struct event *e)
{
	return e->end == EVENT_DUPLICATE && e->receipt.is_other_body &&
	    b->in.key_from_header && e->form == EVENT_PLAIN;
}

static enum outcome
outcome_of(const struct batch *b, const struct entry *e)
{
	if (e->too_large || is_misused(b, &e->event))
		return OUTCOME_REFUSED;
	switch (e->event.end) {
	case EVENT_STORED:
		return OUTCOME_STORED;
	case EVENT_DUPLICATE:
		return OUTCOME_DUPLICATE;
	case EVENT_REJECTED:
		return OUTCOME_REJECTED;
	default:
		return OUTCOME_FAILED;
	}
}

static void
put_text(struct buf *out, int status, const char *detail)
{
	buf_printf(out, "%d,\"detail\":", status);
	buf_json_string(out, detail, strlen(detail));
}

static void
put_faults(struct buf *out, const struct faults *faults)
{
	if (out->len > FULL_ANSWER_MAX && faults->text.len > BRIEF_MAX) {
		put_text(out, 422,
		    "Its faults do not fit into this answer; alone, it would "
		    "be answered with all of them");
		return;
	}
	buf_puts(out, "422,\"detail\":[");
	buf_put(out, faults->text.data, faults->text.len);
	buf_putc(out, ']');
}

/* Writes the status of an event, and what goes with it. */
static void
put_result(struct buf *out, const struct batch *b, const struct entry *e)
{
	const struct event *event = &e->event;
	const char *text;
	int http;

	switch (outcome_of(b, e)) {
	case OUTCOME_STORED:
	case OUTCOME_DUPLICATE:
		buf_puts(out, "200,");
		intake_put_receipt(out, &event->receipt);
		break;
	case OUTCOME_REJECTED:
		put_faults(out, &event->faults);
		break;
	case OUTCOME_REFUSED:
		if (e->too_large)
			put_text(out, 413, "The event is longer than 1 MiB");
		else
			put_text(out, 422, INTAKE_MISUSED_KEY);
		break;
	default:
		text = problem_text(event->status, &http);
		put_text(out, http, text);
	}
}

static void
write_results(struct batch *b, bool is_stored)
{
	struct buf *out = &b->in.res->body;
	const char *separator = "";
	const struct entry *e;
	enum outcome is;
	size_t i;

	buf_puts(out, ",\"results\":[");
	for (i = 0; i < b->n; i++) {
		e = &b->entries[i];
		is = outcome_of(b, e);
		if (b->minimal &&
		    (is == OUTCOME_STORED || is == OUTCOME_DUPLICATE))
			continue;
		buf_printf(out, "%s{\"index\":%zu,\"status\":", separator, i);
		if (is_stored || is == OUTCOME_REJECTED || e->too_large)
			put_result(out, b, e);
		else
			put_text(out, 424,
			    "Not stored, because of other events of the batch");
		buf_putc(out, '}');
		separator = ",";
	}
	buf_puts(out, "]}");
}

static void
answer(struct batch *b, bool is_stored)
{
	size_t i, *ends = b->ends;

	for (i = 0; i < b->n; i++)
		ends[outcome_of(b, &b->entries[i])]++;
	for (i = 0; i < OUTCOMES; i++)
		if (ends[i] > 0)
			score_batch(b->in.service,
			    is_stored ? (enum outcome)i : OUTCOME_REFUSED,
			    ends[i]);
	b->in.res->status = is_stored ? 200 : 422;
	buf_printf(&b->in.res->body,
	    "{\"stored\":%zu,\"duplicate\":%zu,\"rejected\":%zu",
	    is_stored ? ends[OUTCOME_STORED] : 0, ends[OUTCOME_DUPLICATE],
	    ends[OUTCOME_REJECTED] + ends[OUTCOME_REFUSED]);
	write_results(b, is_stored);
	if (b->minimal)
		buf_puts(&b->in.res->headers,
		    "Preference-Applied: return=minimal\r\n");
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
	    read_options(&b) && check_key(&b) && read_items(&b);

	res->took.parse = clock_steady_us() - began;
	if (is_read && b.atomic && !is_fit(&b))
		answer(&b, false);
	else if (is_read && store(&b))
		answer(&b, true);
	close_batch(&b);
}
