#include "receipts.h"

#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "event.h"

void
receipt_free(struct receipt *receipt)
{
	free(receipt->derived);
	receipt->derived = NULL;
	receipt->derived_count = 0;
}

/* receipts_read() reads the rows of each of these by the same columns. */
#define BEGINS_ALIKE(x)                                                        \
	_Static_assert((int)x##_N == EVENTS_ANSWER_N &&                        \
		(int)x##_ID == EVENTS_ANSWER_ID &&                             \
		(int)x##_DERIVED_EVENT_ID == EVENTS_ANSWER_DERIVED_EVENT_ID,   \
	    "the first columns of " #x " are not those of EVENTS_ANSWER")
BEGINS_ALIKE(EVENTS_BY_KEYS);
BEGINS_ALIKE(EVENTS_INGEST);

/* Fills a receipt from the rows of one event, which begin at `row`. */
static enum status
fill(struct receipt *receipt, const struct pg_result *r, int row, int rows)
{
	const int derived = EVENTS_ANSWER_DERIVED_EVENT_ID;
	int i, n = pg_value(r, row, derived) != NULL ? rows : 0;

	receipt_free(receipt);
	if (!id_parse(pg_value(r, row, EVENTS_ANSWER_ID), &receipt->id))
		return STATUS_FAULT;
	if (n == 0)
		return STATUS_OK;
	receipt->derived = calloc((size_t)n, sizeof(*receipt->derived));
	if (receipt->derived == NULL)
		return STATUS_FAULT;
	receipt->derived_count = n;
	for (i = 0; i < n; i++)
		if (!id_parse(
			pg_value(r, row + i, derived), &receipt->derived[i]))
			return STATUS_FAULT;
	return STATUS_OK;
}

enum status
receipts_read(struct some *events, const struct pg_result *r)
{
	int row = 0, rows = pg_rows(r), next;
	size_t i, left = 0;
	struct event *e;

	for (i = 0; i < events->n; i++) {
		e = events->at[i];
		for (next = row; next < rows &&
		     (size_t)pg_int(r, next, EVENTS_ANSWER_N) == i + 1;)
			next++;
		if (next == row) {
			events->at[left++] = e;
			continue;
		}
		if (fill(&e->receipt, r, row, next - row) != STATUS_OK)
			return STATUS_FAULT;
		e->end = EVENT_STORED;
		/* Only a row of EVENTS_BY_KEYS can have another's id. */
		if (strcmp(e->receipt.id.text, e->id.text) != 0) {
			e->end = EVENT_DUPLICATE;
			e->receipt.is_other_body =
			    !pg_is_true(r, row, EVENTS_BY_KEYS_IS_SAME_BODY);
		}
		row = next;
	}
	events->n = left;
	return row == rows ? STATUS_OK : STATUS_FAULT;
}

enum status
receipts_again(struct db *db, struct some *events)
{
	struct buf v[EVENTS_ANSWER_ARGS];
	struct pg_result *r = NULL;
	enum status status;
	size_t i;

	array_init(&v[EVENTS_ANSWER_ARG_ID], ARRAY_OF_ID, VALUES_MAX);
	for (i = 0; i < events->n; i++)
		array_put_id(&v[EVENTS_ANSWER_ARG_ID], &events->at[i]->id);
	status = db_run_binary(
	    db, Q_events_answer, v, events->n >= PLANNED_FROM, &r);
	buf_free(&v[EVENTS_ANSWER_ARG_ID]);
	if (status == STATUS_OK)
		status = receipts_read(events, r);
	pg_free(r);
	return status;
}

enum status
receipts_by_keys(struct db *db, struct some *events)
{
	struct buf v[EVENTS_BY_KEYS_ARGS];
	struct pg_result *r = NULL;
	const struct event *e;
	enum status status;
	size_t i, a;

	if (events->n == 0)
		return STATUS_OK;
	for (a = 0; a < EVENTS_BY_KEYS_ARGS; a++)
		array_init(&v[a], ARRAY_OF_TEXT, VALUES_MAX);
	for (i = 0; i < events->n; i++) {
		e = events->at[i];
		array_put_text(&v[EVENTS_BY_KEYS_ARG_SERVICE], e->service);
		array_put_text(&v[EVENTS_BY_KEYS_ARG_KEY], e->key);
		array_put(&v[EVENTS_BY_KEYS_ARG_PAYLOAD], e->payload.data,
		    e->payload.len);
	}
	status = db_run_binary(
	    db, Q_events_by_keys, v, events->n >= PLANNED_FROM, &r);
	for (a = 0; a < EVENTS_BY_KEYS_ARGS; a++)
		buf_free(&v[a]);
	if (status == STATUS_OK)
		status = receipts_read(events, r);
	pg_free(r);
	return status;
}
