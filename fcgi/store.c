#include "store.h"

#include <stdio.h>
#include <string.h>

#include "rfc3339.h"

static bool
is_duplicate(const struct db *db)
{
	return strcmp(db_sqlstate(db), "23505") == 0;
}

/* From a row whose first columns are the id and the derived ids. */
static void
fill(struct receipt *receipt, const struct pg_result *r)
{
	const char *derived = pg_value(r, 0, 1);

	snprintf(receipt->id.text, sizeof(receipt->id.text), "%s",
	    pg_value(r, 0, 0));
	buf_reset(&receipt->derived);
	buf_puts(&receipt->derived, derived != NULL ? derived : "");
}

/*
 * The same statement ran before on a connection that broke at its commit: the
 * event is there under our id, with the answer it was given then.
 */
static enum status
answer_again(struct db *db, const struct event *e, struct receipt *receipt)
{
	const char *const values[] = { e->id.text };
	struct pg_result *r = NULL;
	enum status status = db_run(db, Q_event_answer, 1, values, &r);

	if (status != STATUS_OK)
		return status;
	if (pg_rows(r) == 1)
		fill(receipt, r);
	else
		status = STATUS_FAULT;
	pg_free(r);
	return status;
}

static enum status
answer_by_key(struct db *db, const struct event *e, struct receipt *receipt)
{
	const char *const values[] = { e->service, e->key, e->payload };
	struct pg_result *r = NULL;
	enum status status = db_run(db, Q_event_by_key, 3, values, &r);

	if (status != STATUS_OK)
		return status;
	if (pg_rows(r) == 1) {
		fill(receipt, r);
		/* Our own id: the first try did commit after all. */
		receipt->is_replayed =
		    strcmp(receipt->id.text, e->id.text) != 0;
		receipt->is_other_body = !pg_is_true(r, 0, 2);
	} else {
		/* Its retention ended between the two statements. */
		status = STATUS_RETRY;
	}
	pg_free(r);
	return status;
}

static enum status
insert(struct db *db, const struct event *e, const char *received)
{
	const char *const values[] = { e->id.text, e->service, received,
		e->payload, e->normalised, e->request_id };
	enum status status = db_run(db, Q_event_insert, 6, values, NULL);

	return status != STATUS_OK && is_duplicate(db) ? STATUS_OK : status;
}

static enum status
ingest(struct db *db, const struct event *e, const char *received,
    struct receipt *receipt)
{
	const char *const values[] = { e->id.text, e->service, received,
		e->payload, e->normalised, e->key, e->findings, e->request_id,
		e->traceparent, e->first_delay };
	struct pg_result *r = NULL;
	enum status status = db_run(db, Q_event_ingest, 10, values, &r);

	if (status != STATUS_OK)
		return is_duplicate(db) ? answer_again(db, e, receipt) : status;
	if (pg_rows(r) == 1)
		fill(receipt, r);
	else
		status = answer_by_key(db, e, receipt);
	pg_free(r);
	return status;
}

enum status
store_event(struct db *db, const struct event *e, struct receipt *receipt)
{
	char received[RFC3339_LEN + 1];

	rfc3339_format(id_ms(&e->id) * 1000, received);
	receipt->id = e->id;
	receipt->is_replayed = receipt->is_other_body = false;
	if (e->key == NULL && e->findings_count == 0)
		return insert(db, e, received);
	return ingest(db, e, received, receipt);
}

enum status
store_rejected(struct db *db, const char *service, const char *key,
    const char *reasons, const char *body, size_t body_len)
{
	static const char hex[] = "0123456789abcdef";
	struct id id = id_new();
	enum status status = STATUS_FAULT;
	struct buf bytes;
	size_t i;

	buf_init(&bytes, 2 * body_len + 2);
	buf_puts(&bytes, "\\x");
	for (i = 0; i < body_len; i++) {
		buf_putc(&bytes, hex[(unsigned char)body[i] >> 4]);
		buf_putc(&bytes, hex[(unsigned char)body[i] & 15]);
	}
	if (!bytes.failed) {
		const char *const values[] = { id.text, service, key, reasons,
			bytes.data };

		status = db_run(db, Q_rejected_insert, 5, values, NULL);
	}
	buf_free(&bytes);
	return status;
}
