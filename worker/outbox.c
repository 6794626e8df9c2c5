#include "outbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

enum {
	NUMBER_LEN = 16
};

enum status
outbox_claim(struct db *db, const struct claim *claim, struct pg_result **batch)
{
	char size[NUMBER_LEN], lease[NUMBER_LEN], max[NUMBER_LEN];
	const char *const values[] = { size, lease, max };

	snprintf(size, sizeof(size), "%d", claim->size);
	snprintf(lease, sizeof(lease), "%d", claim->lease_seconds);
	snprintf(max, sizeof(max), "%d", claim->max_attempts);
	return db_run(db, Q_outbox_claim, 3, values, batch);
}

struct message
outbox_message(const struct pg_result *batch, int row)
{
	return (struct message){
		.id = db_value(batch, row, 0),
		.event_id = db_value(batch, row, 1),
		.topic = db_value(batch, row, 2),
		.payload = db_value(batch, row, 3),
		.attempt = atoi(db_value(batch, row, 4)),
	};
}

static void
add(struct buf *outcomes, const struct message *m, const char *status,
    int64_t delay_ms, const char *error)
{
	buf_putc(outcomes, outcomes->len == 0 ? '[' : ',');
	buf_printf(outcomes,
	    "{\"id\":\"%s\",\"attempt\":%d,\"status\":\"%s\","
	    "\"delay\":%lld.%03lld,\"error\":",
	    m->id, m->attempt, status, (long long)(delay_ms / 1000),
	    (long long)(delay_ms % 1000));
	if (error != NULL)
		buf_json_string(outcomes, error, strlen(error));
	else
		buf_puts(outcomes, "null");
	buf_putc(outcomes, '}');
}

void
outbox_sent(struct buf *outcomes, const struct message *m)
{
	add(outcomes, m, "sent", 0, NULL);
}

void
outbox_later(struct buf *outcomes, const struct message *m, int64_t delay_ms,
    const char *error)
{
	add(outcomes, m, "pending", delay_ms, error);
}

void
outbox_failed(struct buf *outcomes, const struct message *m, const char *error)
{
	add(outcomes, m, "failed", 0, error);
}

enum status
outbox_settle(struct db *db, struct buf *outcomes, int *settled)
{
	const char *const values[] = { outcomes->data };
	struct pg_result *r = NULL;
	enum status status;

	if (settled != NULL)
		*settled = 0;
	if (outcomes->len == 0 && !outcomes->failed)
		return STATUS_OK;
	buf_putc(outcomes, ']');
	if (outcomes->failed) {
		log_error("outbox: cannot settle: out of memory");
		buf_reset(outcomes);
		return STATUS_FAULT;
	}
	status = db_run(db, Q_outbox_settle, 1, values, &r);
	if (status == STATUS_OK && settled != NULL)
		*settled = db_rows(r);
	db_result_free(r);
	buf_reset(outcomes);
	return status;
}

enum status
outbox_bury(struct db *db, int max_attempts, int *buried)
{
	char max[NUMBER_LEN];
	const char *const values[] = { max };
	struct pg_result *r = NULL;
	enum status status;

	snprintf(max, sizeof(max), "%d", max_attempts);
	status = db_run(db, Q_outbox_bury, 1, values, &r);
	*buried = status == STATUS_OK ? db_rows(r) : 0;
	db_result_free(r);
	return status;
}
