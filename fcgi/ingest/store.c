#include "store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "event.h"
#include "log.h"
#include "score.h"

enum {
	/*
	 * A fault that no value caused can be that of one event (of an
	 * operator's constraint, say), but also that of the whole database:
	 * then many events are not tried one by one.
	 */
	SPLIT_MAX = 16
};

static bool
is_duplicate(const struct db *db)
{
	return strcmp(db_sqlstate(db), "23505") == 0;
}

static void
init_arrays(struct buf *v, const enum array_of *types, int n)
{
	int i;

	for (i = 0; i < n; i++)
		array_init(&v[i], types[i], VALUES_MAX);
}

static void
free_all(struct buf *v, int n)
{
	while (n-- > 0)
		buf_free(&v[n]);
}

static void
put_times(struct buf *time, struct buf *own, const struct event *e)
{
	bool is_own = e->time_us >= 0;

	array_put_time(time, is_own ? e->time_us : id_ms(&e->id) * 1000);
	if (is_own)
		array_put_true(own);
	else
		array_put(own, NULL, 0);
}

/*
 * Stored as equal to the payload if the service has no schema, or if the event
 * has faults and is taken nevertheless (SMARTCITY_VALIDATION=lenient).
 */
static void
put_normalised(struct buf *v, const struct event *e)
{
	const struct buf *from =
	    e->normalised.len > 0 ? &e->normalised : &e->payload;

	array_put(v, from->data, from->len);
}

#define SAME_ARG(x)                                                            \
	_Static_assert((int)EVENT_INSERT_ARG_##x == EVENTS_INSERT_ARG_##x, #x)
SAME_ARG(ID);
SAME_ARG(SERVICE);
SAME_ARG(TIMESTAMP);
SAME_ARG(OWN_TIME);
SAME_ARG(PAYLOAD);
SAME_ARG(NORMALIZED_PAYLOAD);
SAME_ARG(REQUEST_ID);

/* v: the arrays of n events. */
static enum status
run_insert(struct db *db, const struct buf *v, size_t n)
{
	struct buf one[EVENT_INSERT_ARGS];
	int i;

	if (n > 1)
		return db_run_binary(db, Q_events_insert, v, false, NULL);
	for (i = 0; i < EVENT_INSERT_ARGS; i++)
		one[i] = array_first(&v[i]);
	return db_run_binary(db, Q_event_insert, one, false, NULL);
}

/* Events without keys and findings. Those with an answer leave the list. */
static enum status
insert(struct db *db, struct some *events)
{
	static const enum array_of types[EVENTS_INSERT_ARGS] = {
		[EVENTS_INSERT_ARG_ID] = ARRAY_OF_ID,
		[EVENTS_INSERT_ARG_SERVICE] = ARRAY_OF_TEXT,
		[EVENTS_INSERT_ARG_TIMESTAMP] = ARRAY_OF_TIME,
		[EVENTS_INSERT_ARG_OWN_TIME] = ARRAY_OF_BOOL,
		[EVENTS_INSERT_ARG_PAYLOAD] = ARRAY_OF_JSON,
		[EVENTS_INSERT_ARG_NORMALIZED_PAYLOAD] = ARRAY_OF_JSON,
		[EVENTS_INSERT_ARG_REQUEST_ID] = ARRAY_OF_TEXT,
	};
	struct buf v[EVENTS_INSERT_ARGS];
	struct event *e;
	enum status status;
	size_t i;

	init_arrays(v, types, EVENTS_INSERT_ARGS);
	for (i = 0; i < events->n; i++) {
		e = events->at[i];
		array_put_id(&v[EVENTS_INSERT_ARG_ID], &e->id);
		array_put_text(&v[EVENTS_INSERT_ARG_SERVICE], e->service);
		put_times(&v[EVENTS_INSERT_ARG_TIMESTAMP],
		    &v[EVENTS_INSERT_ARG_OWN_TIME], e);
		array_put(&v[EVENTS_INSERT_ARG_PAYLOAD], e->payload.data,
		    e->payload.len);
		put_normalised(&v[EVENTS_INSERT_ARG_NORMALIZED_PAYLOAD], e);
		array_put_text(&v[EVENTS_INSERT_ARG_REQUEST_ID], e->request_id);
	}
	status = run_insert(db, v, events->n);
	free_all(v, EVENTS_INSERT_ARGS);
	if (status != STATUS_OK)
		return is_duplicate(db) ? receipts_again(db, events) : status;
	for (i = 0; i < events->n; i++) {
		events->at[i]->end = EVENT_STORED;
		events->at[i]->receipt.id = events->at[i]->id;
	}
	events->n = 0;
	return STATUS_OK;
}

static void
put_event(struct buf *v, const struct event *e)
{
	array_put_id(&v[EVENTS_INGEST_ARG_ID], &e->id);
	array_put_text(&v[EVENTS_INGEST_ARG_SERVICE], e->service);
	put_times(
	    &v[EVENTS_INGEST_ARG_TIMESTAMP], &v[EVENTS_INGEST_ARG_OWN_TIME], e);
	array_put(
	    &v[EVENTS_INGEST_ARG_PAYLOAD], e->payload.data, e->payload.len);
	put_normalised(&v[EVENTS_INGEST_ARG_NORMALIZED_PAYLOAD], e);
	array_put_text(&v[EVENTS_INGEST_ARG_KEY], e->key);
	array_put_text(&v[EVENTS_INGEST_ARG_REQUEST_ID], e->request_id);
	array_put_text(&v[EVENTS_INGEST_ARG_TRACEPARENT], e->traceparent);
}

static void
put_buf(struct buf *v, const struct buf *bytes, bool is_set)
{
	array_put(v, is_set ? bytes->data : NULL, bytes->len);
}

/* n: the number of the event in the statement. */
static void
put_finding(struct buf *v, const struct finding *f, int n)
{
	array_put_int(&v[EVENTS_INGEST_ARG_FINDING_N], n);
	array_put_id(&v[EVENTS_INGEST_ARG_FINDING_ID], &f->id);
	array_put_text(
	    &v[EVENTS_INGEST_ARG_FINDING_SERVICE], f->derived->service);
	put_buf(
	    &v[EVENTS_INGEST_ARG_FINDING_KEY], &f->key, f->rule->key != NULL);
	put_buf(&v[EVENTS_INGEST_ARG_FINDING_PAYLOAD], &f->payload, true);
	put_buf(&v[EVENTS_INGEST_ARG_WATCHED], &f->watched, f->is_watched);
	array_put_int(&v[EVENTS_INGEST_ARG_QUIET], f->quiet_seconds);
	array_put_int(&v[EVENTS_INGEST_ARG_REMIND], f->remind_seconds);
}

static void
put_rejected(struct buf *v, const struct event *e)
{
	struct id id = id_new();
	struct buf reasons;

	buf_init(&reasons, VALUES_MAX);
	buf_putc(&reasons, '[');
	buf_put(&reasons, e->faults.text.data, e->faults.text.len);
	buf_putc(&reasons, ']');
	array_put_id(&v[EVENTS_INGEST_ARG_REJECTED_ID], &id);
	array_put_text(&v[EVENTS_INGEST_ARG_REJECTED_SERVICE], e->service);
	array_put_text(&v[EVENTS_INGEST_ARG_REJECTED_KEY], e->key);
	put_buf(&v[EVENTS_INGEST_ARG_REASONS], &reasons, true);
	array_put(&v[EVENTS_INGEST_ARG_BODY], e->body, e->body_len);
	v[EVENTS_INGEST_ARG_REASONS].failed |= reasons.failed;
	buf_free(&reasons);
}

/* Fills the parameters; moves the events that are not rejected to the front. */
static void
put_all(struct buf *v, struct some *events, const char *retry_schedule)
{
	size_t i, checked = 0;
	struct event *e;
	int k;

	for (i = 0; i < events->n; i++) {
		e = events->at[i];
		if (e->end == EVENT_REJECTED) {
			put_rejected(v, e);
			continue;
		}
		events->at[checked++] = e;
		put_event(v, e);
		for (k = 0; k < e->findings.n; k++)
			put_finding(v, &e->findings.list[k], (int)checked);
	}
	events->n = checked;
	buf_puts(&v[EVENTS_INGEST_ARG_RETRY_SCHEDULE], retry_schedule);
}

/* All but the last, which is a text. */
static const enum array_of ingest_types[EVENTS_INGEST_ARGS] = {
	[EVENTS_INGEST_ARG_ID] = ARRAY_OF_ID,
	[EVENTS_INGEST_ARG_SERVICE] = ARRAY_OF_TEXT,
	[EVENTS_INGEST_ARG_TIMESTAMP] = ARRAY_OF_TIME,
	[EVENTS_INGEST_ARG_OWN_TIME] = ARRAY_OF_BOOL,
	[EVENTS_INGEST_ARG_PAYLOAD] = ARRAY_OF_JSON,
	[EVENTS_INGEST_ARG_NORMALIZED_PAYLOAD] = ARRAY_OF_JSON,
	[EVENTS_INGEST_ARG_KEY] = ARRAY_OF_TEXT,
	[EVENTS_INGEST_ARG_REQUEST_ID] = ARRAY_OF_TEXT,
	[EVENTS_INGEST_ARG_TRACEPARENT] = ARRAY_OF_TEXT,
	[EVENTS_INGEST_ARG_FINDING_N] = ARRAY_OF_INT,
	[EVENTS_INGEST_ARG_FINDING_ID] = ARRAY_OF_ID,
	[EVENTS_INGEST_ARG_FINDING_SERVICE] = ARRAY_OF_TEXT,
	[EVENTS_INGEST_ARG_FINDING_KEY] = ARRAY_OF_TEXT,
	[EVENTS_INGEST_ARG_FINDING_PAYLOAD] = ARRAY_OF_JSON,
	[EVENTS_INGEST_ARG_WATCHED] = ARRAY_OF_TEXT,
	[EVENTS_INGEST_ARG_QUIET] = ARRAY_OF_INT,
	[EVENTS_INGEST_ARG_REMIND] = ARRAY_OF_INT,
	[EVENTS_INGEST_ARG_REJECTED_ID] = ARRAY_OF_ID,
	[EVENTS_INGEST_ARG_REJECTED_SERVICE] = ARRAY_OF_TEXT,
	[EVENTS_INGEST_ARG_REJECTED_KEY] = ARRAY_OF_TEXT,
	[EVENTS_INGEST_ARG_REASONS] = ARRAY_OF_JSON,
	[EVENTS_INGEST_ARG_BODY] = ARRAY_OF_BYTEA,
};

static enum status
ingest(struct db *db, struct some *events, const char *retry_schedule)
{
	bool planned = events->n >= PLANNED_FROM;
	struct buf v[EVENTS_INGEST_ARGS];
	struct pg_result *r = NULL;
	enum status status;

	init_arrays(v, ingest_types, EVENTS_INGEST_ARGS - 1);
	buf_init(&v[EVENTS_INGEST_ARG_RETRY_SCHEDULE], VALUES_MAX);
	put_all(v, events, retry_schedule);
	status = db_run_binary(db, Q_events_ingest, v, planned, &r);
	free_all(v, EVENTS_INGEST_ARGS);
	if (status == STATUS_OK)
		status = receipts_read(events, r);
	else if (is_duplicate(db))
		status = receipts_again(db, events);
	pg_free(r);
	return status == STATUS_OK ? receipts_by_keys(db, events) : status;
}

/*
 * Of events that were neither written nor found: their keys were deleted
 * meanwhile, or a unique index that is not ours refused them.
 */
static void
fail_rest(const struct db *db, const struct some *events)
{
	size_t i;

	for (i = 0; i < events->n; i++) {
		events->at[i]->end = EVENT_FAILED;
		events->at[i]->status = STATUS_RETRY;
	}
	if (events->n > 0)
		log_warn("store: %zu events were not stored: %s", events->n,
		    db_reason(db));
}

static size_t
count_stored(struct event *const list[], size_t n)
{
	size_t i, stored = 0;

	for (i = 0; i < n; i++)
		stored += list[i]->end == EVENT_STORED;
	return stored;
}

/* One transaction. Events that have their answer already are left out. */
static enum status
store(struct db *db, struct event *const list[], size_t n,
    const char *retry_schedule)
{
	struct some events = { malloc(n * sizeof(*events.at)), 0 };
	enum status status = STATUS_OK;
	bool plain = true;
	size_t i;

	if (events.at == NULL)
		return STATUS_FAULT;
	for (i = 0; i < n; i++) {
		if (list[i]->end != EVENT_CHECKED &&
		    list[i]->end != EVENT_REJECTED)
			continue;
		events.at[events.n++] = list[i];
		plain = plain && event_is_plain(list[i]);
	}
	if (events.n > 0)
		status = plain ? insert(db, &events)
			       : ingest(db, &events, retry_schedule);
	if (status == STATUS_OK) {
		fail_rest(db, &events);
		if (count_stored(list, n) > 0)
			score_commit(count_stored(list, n));
	}
	free(events.at);
	return status;
}

/* An event that the database refuses is treated as one of a wrong schema. */
static void
reject(const struct db *db, struct event *e)
{
	char msg[64];

	snprintf(msg, sizeof(msg),
	    "The database cannot store this value (SQLSTATE %s)",
	    db_sqlstate(db));
	faults_add(
	    &e->faults, "value_error", "body", NULL, msg, e->payload.data);
	e->end = EVENT_REJECTED;
}

/* Whether one of several events can be the cause of a failure. */
static bool
is_of_one(enum status status, size_t n)
{
	return status == STATUS_REJECT ||
	    (status == STATUS_FAULT && n <= SPLIT_MAX);
}

void
store_events(struct db *db, struct event *const list[], size_t n,
    const char *retry_schedule, bool all_or_nothing)
{
	enum status status;
	size_t i, half = n / 2;

	if (n == 0)
		return;
	status = store(db, list, n, retry_schedule);
	if (!all_or_nothing && n > 1 && is_of_one(status, n)) {
		store_events(db, list, half, retry_schedule, false);
		store_events(db, list + half, n - half, retry_schedule, false);
		return;
	}
	if (!all_or_nothing && status == STATUS_REJECT &&
	    list[0]->end == EVENT_CHECKED) {
		reject(db, list[0]);
		status = store(db, list, 1, retry_schedule);
	}
	for (i = 0; status != STATUS_OK && i < n; i++) {
		list[i]->end = EVENT_FAILED;
		list[i]->status = status;
	}
}

enum status
store_find(struct db *db, struct event *const list[], size_t n)
{
	struct some events = { malloc((n + 1) * sizeof(*events.at)), 0 };
	enum status status = STATUS_FAULT;
	size_t i;

	for (i = 0; events.at != NULL && i < n; i++)
		if (list[i]->end == EVENT_CHECKED && list[i]->key != NULL)
			events.at[events.n++] = list[i];
	if (events.at != NULL)
		status = receipts_by_keys(db, &events);
	free(events.at);
	return status;
}
