#include "store.h"

#include <stdlib.h>
#include <string.h>

#include "event.h"
#include "rfc3339.h"

enum {
	FINDINGS_MAX_BYTES = 64 << 20
};

static bool
is_duplicate(const struct db *db)
{
	return strcmp(db_sqlstate(db), "23505") == 0;
}

/* fill() reads the rows of each of these statements by the same columns. */
#define BEGINS_ALIKE(x)                                                        \
	_Static_assert((int)x##_ID == EVENT_ANSWER_ID &&                       \
		(int)x##_DERIVED_EVENT_ID == EVENT_ANSWER_DERIVED_EVENT_ID,    \
	    "the first columns of " #x " are not those of EVENT_ANSWER")
BEGINS_ALIKE(EVENT_BY_KEY);
BEGINS_ALIKE(EVENT_INGEST);

/* Each row has the event's id and that of one derived event, NULL if none. */
static enum status
fill(struct receipt *receipt, const struct pg_result *r)
{
	const int derived = EVENT_ANSWER_DERIVED_EVENT_ID;
	int i, n = pg_value(r, 0, derived) != NULL ? pg_rows(r) : 0;

	receipt_free(receipt);
	if (!id_parse(pg_value(r, 0, EVENT_ANSWER_ID), &receipt->id))
		return STATUS_FAULT;
	if (n == 0)
		return STATUS_OK;
	receipt->derived = calloc((size_t)n, sizeof(*receipt->derived));
	if (receipt->derived == NULL)
		return STATUS_FAULT;
	receipt->derived_count = n;
	for (i = 0; i < n; i++)
		if (!id_parse(pg_value(r, i, derived), &receipt->derived[i]))
			return STATUS_FAULT;
	return STATUS_OK;
}

/*
 * The same statement ran before, on a connection that broke at its commit: the
 * event is stored under this id, together with its answer.
 */
static enum status
answer_again(struct db *db, const struct event *e, struct receipt *receipt)
{
	const char *const values[EVENT_ANSWER_ARGS] = {
		[EVENT_ANSWER_ARG_ID] = e->id.text,
	};
	struct pg_result *r = NULL;
	enum status status = db_run(db, Q_event_answer, values, &r);

	if (status != STATUS_OK)
		return status;
	status = pg_rows(r) > 0 ? fill(receipt, r) : STATUS_FAULT;
	pg_free(r);
	return status;
}

static enum status
answer_by_key(struct db *db, const struct event *e, struct receipt *receipt)
{
	const char *const values[EVENT_BY_KEY_ARGS] = {
		[EVENT_BY_KEY_ARG_SERVICE] = e->service,
		[EVENT_BY_KEY_ARG_KEY] = e->key,
		[EVENT_BY_KEY_ARG_PAYLOAD] = json_text(e->document),
	};
	struct pg_result *r = NULL;
	enum status status = db_run(db, Q_event_by_key, values, &r);

	if (status != STATUS_OK)
		return status;
	if (pg_rows(r) > 0) {
		status = fill(receipt, r);
		/* The id of e itself: the first try had committed after all. */
		receipt->is_replayed =
		    strcmp(receipt->id.text, e->id.text) != 0;
		receipt->is_other_body =
		    !pg_is_true(r, 0, EVENT_BY_KEY_IS_SAME_BODY);
	} else {
		/* Retention deleted it between the two statements. */
		status = STATUS_RETRY;
	}
	pg_free(r);
	return status;
}

static enum status
insert(struct db *db, const struct event *e, const char *received)
{
	const char *const values[EVENT_INSERT_ARGS] = {
		[EVENT_INSERT_ARG_ID] = e->id.text,
		[EVENT_INSERT_ARG_SERVICE] = e->service,
		[EVENT_INSERT_ARG_TIMESTAMP] = received,
		[EVENT_INSERT_ARG_PAYLOAD] = json_text(e->document),
		[EVENT_INSERT_ARG_NORMALIZED_PAYLOAD] = e->normalised.data,
		[EVENT_INSERT_ARG_REQUEST_ID] = e->request_id,
	};
	enum status status = db_run(db, Q_event_insert, values, NULL);

	return status != STATUS_OK && is_duplicate(db) ? STATUS_OK : status;
}

/* Writes it as JSON, in the form that sql/queries/event_ingest.sql reads. */
static void
write_finding(struct buf *out, const struct finding *f, int n)
{
	buf_printf(out,
	    "%s{\"n\":%d,\"id\":\"%s\",\"service\":\"%s\","
	    "\"quiet\":%d,\"remind\":%d",
	    n > 0 ? "," : "", n, f->id.text, f->derived->service,
	    f->quiet_seconds, f->remind_seconds);
	if (f->rule->key != NULL) {
		buf_puts(out, ",\"key\":");
		buf_json_string(out, f->key.data, f->key.len);
	}
	if (f->rule->watch != NULL) {
		buf_puts(out, ",\"watched\":");
		buf_put(out, f->watched.data, f->watched.len);
	}
	buf_puts(out, ",\"payload\":");
	buf_put(out, f->payload.data, f->payload.len);
	buf_putc(out, '}');
}

static enum status
ingest(struct db *db, const struct event *e, const char *received,
    const char *findings, const char *retry_schedule, struct receipt *receipt)
{
	const char *const values[EVENT_INGEST_ARGS] = {
		[EVENT_INGEST_ARG_ID] = e->id.text,
		[EVENT_INGEST_ARG_SERVICE] = e->service,
		[EVENT_INGEST_ARG_TIMESTAMP] = received,
		[EVENT_INGEST_ARG_PAYLOAD] = json_text(e->document),
		[EVENT_INGEST_ARG_NORMALIZED_PAYLOAD] = e->normalised.data,
		[EVENT_INGEST_ARG_KEY] = e->key,
		[EVENT_INGEST_ARG_FINDINGS] = findings,
		[EVENT_INGEST_ARG_REQUEST_ID] = e->request_id,
		[EVENT_INGEST_ARG_TRACEPARENT] = e->traceparent,
		[EVENT_INGEST_ARG_RETRY_SCHEDULE] = retry_schedule,
	};
	struct pg_result *r = NULL;
	enum status status = db_run(db, Q_event_ingest, values, &r);

	if (status != STATUS_OK)
		return is_duplicate(db) ? answer_again(db, e, receipt) : status;
	status =
	    pg_rows(r) > 0 ? fill(receipt, r) : answer_by_key(db, e, receipt);
	pg_free(r);
	return status;
}

static enum status
ingest_findings(struct db *db, const struct event *e, const char *received,
    const char *retry_schedule, struct receipt *receipt)
{
	enum status status = STATUS_FAULT;
	struct buf text;
	int i;

	buf_init(&text, FINDINGS_MAX_BYTES);
	buf_putc(&text, '[');
	for (i = 0; i < e->findings.n; i++)
		write_finding(&text, &e->findings.list[i], i);
	buf_putc(&text, ']');
	if (!text.failed)
		status =
		    ingest(db, e, received, text.data, retry_schedule, receipt);
	buf_free(&text);
	return status;
}

enum status
store_event(struct db *db, const struct event *e, const char *retry_schedule,
    struct receipt *receipt)
{
	char received[RFC3339_LEN + 1];

	rfc3339_format(id_ms(&e->id) * 1000, received);
	*receipt = (struct receipt){ .id = e->id };
	if (e->key == NULL && e->findings.n == 0)
		return insert(db, e, received);
	return ingest_findings(db, e, received, retry_schedule, receipt);
}

void
receipt_free(struct receipt *receipt)
{
	free(receipt->derived);
	receipt->derived = NULL;
	receipt->derived_count = 0;
}

enum status
store_rejected(struct db *db, const struct event *e, const char *reasons)
{
	static const char hex[] = "0123456789abcdef";
	enum status status = STATUS_FAULT;
	struct id id = id_new();
	struct buf bytes;
	size_t i;

	buf_init(&bytes, 2 * e->body_len + 2);
	buf_puts(&bytes, "\\x");
	for (i = 0; i < e->body_len; i++) {
		buf_putc(&bytes, hex[(unsigned char)e->body[i] >> 4]);
		buf_putc(&bytes, hex[(unsigned char)e->body[i] & 15]);
	}
	if (!bytes.failed) {
		const char *const values[REJECTED_INSERT_ARGS] = {
			[REJECTED_INSERT_ARG_ID] = id.text,
			[REJECTED_INSERT_ARG_SERVICE] = e->service,
			[REJECTED_INSERT_ARG_DEDUPLICATION_KEY] = e->key,
			[REJECTED_INSERT_ARG_REASONS] = reasons,
			[REJECTED_INSERT_ARG_BODY] = bytes.data,
		};

		status = db_run(db, Q_rejected_insert, values, NULL);
	}
	buf_free(&bytes);
	return status;
}
