#include "metrics_db.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "dbclock.h"
#include "prom.h"
#include "score.h"
#include "state.h"
#include "url.h"
#include "utf8.h"

enum {
	LIMIT_MS = 500,       /* for each of the statements */
	STATES = 4,           /* of deliveries that have not ended */
	DESCRIPTION_MAX = 100 /* characters, as in the log */
};

#define SUBSCRIPTIONS "1000" /* most that have labels of their own */

/* The states of deliveries that have not ended. */
static const struct {
	enum delivery_state state;
	int count, age; /* columns */
} states[STATES] = {
	{ DELIVERY_PENDING, METRICS_OUTBOX_PENDING,
	    METRICS_OUTBOX_PENDING_AGE },
	{ DELIVERY_DELIVERING, METRICS_OUTBOX_DELIVERING,
	    METRICS_OUTBOX_DELIVERING_AGE },
	{ DELIVERY_RETRYING, METRICS_OUTBOX_RETRYING,
	    METRICS_OUTBOX_RETRYING_AGE },
	{ DELIVERY_HELD, METRICS_OUTBOX_HELD, METRICS_OUTBOX_HELD_AGE },
};

static double
number(const struct pg_result *r, int row, int column)
{
	const char *s = pg_value(r, row, column);

	return s != NULL ? strtod(s, NULL) : 0;
}

/* --- the outbox --- */

static void
put_state(
    struct buf *out, enum metric metric, enum delivery_state state, double n)
{
	prom_sample(out, metric,
	    (const char *[]){ "state", delivery_state_name(state), NULL }, n);
}

/* Sums of all subscriptions, by state; failed and expired ones have no age. */
static void
put_states(struct buf *out, const struct pg_result *r)
{
	double n[STATES] = { 0 }, age[STATES] = { 0 }, a;
	int row, i;

	for (row = 0; row < pg_rows(r); row++)
		for (i = 0; i < STATES; i++) {
			n[i] += number(r, row, states[i].count);
			a = number(r, row, states[i].age);
			age[i] = a > age[i] ? a : age[i];
		}
	prom_family(out, METRIC_outbox_deliveries);
	for (i = 0; i < STATES; i++)
		put_state(out, METRIC_outbox_deliveries, states[i].state, n[i]);
	put_state(out, METRIC_outbox_deliveries, DELIVERY_FAILED,
	    number(r, 0, METRICS_OUTBOX_FAILED));
	put_state(out, METRIC_outbox_deliveries, DELIVERY_EXPIRED,
	    number(r, 0, METRICS_OUTBOX_EXPIRED));
	prom_family(out, METRIC_outbox_oldest_age_seconds);
	for (i = 0; i < STATES; i++)
		put_state(out, METRIC_outbox_oldest_age_seconds,
		    states[i].state, age[i]);
}

static void
put_of_each(struct buf *out, const struct pg_result *r, enum metric metric,
    double (*value)(const struct pg_result *, int row))
{
	const char *id;
	int row;

	prom_family(out, metric);
	for (row = 0; row < pg_rows(r); row++)
		if ((id = pg_value(r, row, METRICS_OUTBOX_ID)) != NULL)
			prom_sample(out, metric,
			    (const char *[]){ "subscription", id, NULL },
			    value(r, row));
}

static double
waiting(const struct pg_result *r, int row)
{
	double n = 0;
	int i;

	for (i = 0; i < STATES; i++)
		n += number(r, row, states[i].count);
	return n;
}

static double
overdue(const struct pg_result *r, int row)
{
	double seconds = number(r, row, METRICS_OUTBOX_OVERDUE);

	return seconds > 0 ? seconds : 0;
}

static double
breaker(const struct pg_result *r, int row)
{
	static const double values[BREAKER_STATES] = { [BREAKER_CLOSED] = 0,
		[BREAKER_HALF_OPEN] = 0.5,
		[BREAKER_OPEN] = 1 };
	int state =
	    breaker_state_find(pg_value(r, row, METRICS_OUTBOX_BREAKER));

	return state >= 0 ? values[state] : 0.5;
}

/* What people know a subscription by; never its URL, which may hold secrets. */
static void
put_info(struct buf *out, const struct pg_result *r)
{
	char host[URL_HOST_MAX + 1], description[DESCRIPTION_MAX * 4 + 1];
	const char *text;
	int row;

	prom_family(out, METRIC_subscription_info);
	for (row = 0; row < pg_rows(r); row++) {
		if (pg_value(r, row, METRICS_OUTBOX_ID) == NULL)
			continue;
		url_host(pg_value(r, row, METRICS_OUTBOX_URL), host);
		text = pg_value(r, row, METRICS_OUTBOX_DESCRIPTION);
		snprintf(description, sizeof(description), "%.*s",
		    text != NULL ? (int)utf8_prefix(text, DESCRIPTION_MAX) : 0,
		    text != NULL ? text : "");
		prom_sample(out, METRIC_subscription_info,
		    (const char *[]){ "subscription",
			pg_value(r, row, METRICS_OUTBOX_ID), "topic",
			pg_value(r, row, METRICS_OUTBOX_TOPIC), "host", host,
			"description", description, NULL },
		    1);
	}
}

static void
put_outbox(struct buf *out, const struct pg_result *r)
{
	put_states(out, r);
	put_of_each(out, r, METRIC_subscription_waiting, waiting);
	put_of_each(out, r, METRIC_subscription_overdue_seconds, overdue);
	put_of_each(out, r, METRIC_subscription_breaker_open, breaker);
	put_info(out, r);
}

/* --- the clock --- */

static void
put_clock(
    struct buf *out, const struct pg_result *r, const struct moment *asked)
{
	dbclock_hear(pg_value(r, 0, METRICS_OUTBOX_NOW), asked);
	dbclock_tell(score_clock_told());
	prom_family(out, METRIC_pool_clock_skew_seconds);
	prom_sample(out, METRIC_pool_clock_skew_seconds, NULL, dbclock_skew());
}

/* --- the workers --- */

/*
 * Rows of one metric follow each other. Metrics of a newer worker that this
 * pool does not know are left out.
 */
static void
put_samples(struct buf *out, const struct pg_result *r)
{
	const char *name, *labels, *value, *looked_up = "";
	int row, metric = -1, before = -1;

	for (row = 0; row < pg_rows(r); row++) {
		name = pg_value(r, row, METRICS_WORKERS_METRIC);
		labels = pg_value(r, row, METRICS_WORKERS_LABELS);
		value = pg_value(r, row, METRICS_WORKERS_VALUE);
		if (name == NULL || labels == NULL || value == NULL)
			continue;
		/* Thousands of rows can have the same name. */
		if (strcmp(name, looked_up) != 0)
			metric = metric_of(looked_up = name);
		if (metric < 0)
			continue;
		if (metric != before)
			prom_family(out, (enum metric)metric);
		before = metric;
		buf_printf(out, "%s{worker=\"%s\"%s%s} %s\n", name,
		    pg_value(r, row, METRICS_WORKERS_NAME), *labels ? "," : "",
		    labels, value);
	}
}

static void
put_of_workers(
    struct buf *out, const struct pg_result *r, enum metric metric, int column)
{
	int row;

	prom_family(out, metric);
	for (row = 0; row < pg_rows(r); row++)
		if (pg_value(r, row, METRICS_WORKERS_METRIC) == NULL)
			prom_sample(out, metric,
			    (const char *[]){ "worker",
				pg_value(r, row, METRICS_WORKERS_NAME), NULL },
			    number(r, row, column));
}

static int
count_workers(const struct pg_result *r)
{
	int row, n = 0;

	for (row = 0; row < pg_rows(r); row++)
		n += pg_value(r, row, METRICS_WORKERS_METRIC) == NULL;
	return n;
}

static void
put_workers(struct buf *out, const struct pg_result *r)
{
	prom_family(out, METRIC_workers);
	prom_sample(out, METRIC_workers, NULL, count_workers(r));
	put_of_workers(
	    out, r, METRIC_worker_seen_seconds, METRICS_WORKERS_UNSEEN_SECONDS);
	put_of_workers(out, r, METRIC_worker_start_time_seconds,
	    METRICS_WORKERS_STARTED_AT);
	put_samples(out, r);
}

static void
put_up(struct buf *out, bool up)
{
	prom_family(out, METRIC_database_up);
	prom_sample(out, METRIC_database_up, NULL, up);
}

void
metrics_db(const struct context *ctx, struct buf *out)
{
	const char *const outbox_values[METRICS_OUTBOX_ARGS] = {
		[METRICS_OUTBOX_ARG_LIMIT] = SUBSCRIPTIONS,
	};
	struct pg_result *outbox = NULL, *workers = NULL;
	struct moment asked = dbclock_moment();
	char seen[16];
	const char *const worker_values[METRICS_WORKERS_ARGS] = {
		[METRICS_WORKERS_ARG_SEEN_SECONDS] = seen,
	};
	bool up;

	snprintf(seen, sizeof(seen), "%d", ctx->config->worker_seen);
	db_limit(ctx->db, LIMIT_MS);
	up = db_run(ctx->db, Q_metrics_outbox, outbox_values, &outbox) ==
		STATUS_OK &&
	    db_run(ctx->db, Q_metrics_workers, worker_values, &workers) ==
		STATUS_OK;
	db_limit(ctx->db, 0);
	put_up(out, up);
	if (up) {
		put_clock(out, outbox, &asked);
		put_outbox(out, outbox);
		put_workers(out, workers);
	}
	pg_free(outbox);
	pg_free(workers);
}
