#include "health.h"

#include <stdio.h>
#include <string.h>

#include "db.h"
#include "dbclock.h"
#include "json.h"
#include "score.h"

void
health_get(const struct context *ctx, const struct request *req,
    const char *arg, struct response *res)
{
	(void)ctx;
	(void)req;
	(void)arg;
	buf_puts(&res->body, "{\"status\":\"ok\"}");
}

/* How long /ready answers 503; then a load balancer's requests try the disk. */
enum {
	DISK_FULL_SECONDS = 30
};

static void
add_reason(struct buf *reasons, const char *what, const char *why)
{
	struct buf text;

	buf_init(&text, 2048);
	buf_printf(&text, "%s%s", what, why);
	if (reasons->len > 0)
		buf_putc(reasons, ',');
	buf_json_string(reasons, text.data, text.len);
	buf_free(&text);
}

/*
 * Q_ready only reads, which works on a full disk too. So the scoreboard is
 * asked for the last time that a write failed.
 */
static void
look_for_space(struct buf *reasons)
{
	double ago = score_disk_full();
	char text[64];

	if (ago < 0 || ago > DISK_FULL_SECONDS)
		return;
	snprintf(text, sizeof(text),
	    "its disk is full (SQLSTATE 53100), %.0f s ago", ago);
	add_reason(reasons, "database: ", text);
}

static void
find_reasons(const struct context *ctx, struct buf *reasons)
{
	static const char *const missing[READY_COLUMNS] = {
		[READY_IS_MIGRATED] = "schema: migrations are missing, up to ",
		[READY_IS_WRITABLE] =
		    "database: it is a standby and takes no events",
		[READY_HAS_WORKER] =
		    "worker: none was seen lately, messages wait",
	};
	char seen[16];
	const char *const values[READY_ARGS] = {
		[READY_ARG_CHANGE] = query_schema(),
		[READY_ARG_SEEN_SECONDS] = seen,
	};
	struct pg_result *r = NULL;
	int i;

	snprintf(seen, sizeof(seen), "%d", ctx->config->worker_seen);
	if (db_run(ctx->db, Q_ready, values, &r) != STATUS_OK) {
		add_reason(reasons, "database: ", db_reason(ctx->db));
		return;
	}
	for (i = 0; i < READY_COLUMNS; i++)
		if (missing[i] != NULL && !pg_is_true(r, 0, i))
			add_reason(reasons, missing[i],
			    i == READY_IS_MIGRATED ? query_schema() : "");
	if (pg_value(r, 0, READY_UNWRITABLE) != NULL)
		add_reason(reasons, "database: no right to INSERT into ",
		    pg_value(r, 0, READY_UNWRITABLE));
	pg_free(r);
	look_for_space(reasons);
}

/* The pool can serve, but an operator should look at the warnings. */
static void
find_warnings(const struct context *ctx, struct buf *warnings)
{
	char seen[16], text[128];
	const char *const values[READY_WARNINGS_ARGS] = {
		[READY_WARNINGS_ARG_SEEN_SECONDS] = seen,
	};
	struct moment asked = dbclock_moment();
	struct pg_result *r = NULL;
	int i;

	snprintf(seen, sizeof(seen), "%d", ctx->config->worker_seen);
	if (db_run(ctx->db, Q_ready_warnings, values, &r) != STATUS_OK)
		return;
	dbclock_hear(pg_value(r, 0, READY_WARNINGS_NOW), &asked);
	dbclock_tell(score_clock_told());
	if (dbclock_is_far(dbclock_skew())) {
		dbclock_text(text, sizeof(text), "this host", dbclock_skew());
		add_reason(warnings, "clock: ", text);
	}
	for (i = 0; i < pg_rows(r); i++)
		if (pg_value(r, i, READY_WARNINGS_WARNING) != NULL)
			add_reason(warnings, "",
			    pg_value(r, i, READY_WARNINGS_WARNING));
	pg_free(r);
}

static void
put_ready(const struct context *ctx, struct buf *out)
{
	struct buf warnings;

	buf_init(&warnings, 8192);
	find_warnings(ctx, &warnings);
	buf_puts(out, "{\"status\":\"ready\"");
	if (warnings.len > 0 && !warnings.failed)
		buf_printf(out, ",\"warnings\":[%s]", warnings.data);
	buf_putc(out, '}');
	buf_free(&warnings);
}

void
ready_get(const struct context *ctx, const struct request *req, const char *arg,
    struct response *res)
{
	struct buf reasons;

	(void)req;
	(void)arg;
	buf_init(&reasons, 8192);
	find_reasons(ctx, &reasons);
	if (reasons.len == 0) {
		put_ready(ctx, &res->body);
	} else {
		res->status = 503;
		buf_puts(&res->headers, "Retry-After: 1\r\n");
		buf_printf(&res->body,
		    "{\"status\":\"unavailable\",\"reasons\":[%s]}",
		    reasons.data);
	}
	buf_free(&reasons);
}
