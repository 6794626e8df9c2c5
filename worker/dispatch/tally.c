#include "tally.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "id.h"
#include "metric.h"

enum {
	SUBSCRIPTIONS = 1000, /* most that have counters of their own */
	PLACES = 2048,        /* size of the hash table */
	BUCKETS = 13,
	JOBS_MAX = 16
};

struct row {
	char id[ID_LEN + 1]; /* "": free */
	uint64_t n[ENDINGS];
};

/* Upper bounds of the buckets in milliseconds; the last bucket has none. */
static const int64_t bounds[BUCKETS] = { 5, 10, 25, 50, 100, 250, 500, 1000,
	2500, 5000, 10000, 30000, INT64_MAX };

static struct row rows[PLACES], other = { .id = "other" };
static int n_rows;
static uint64_t took[BUCKETS], took_ms, claims, claimed;
static struct {
	const char *name;
	int64_t success_us;
	uint64_t failures;
} jobs[JOBS_MAX];

static const enum metric gauge_metrics[TALLY_GAUGES] = {
	[TALLY_CLOCK] = METRIC_clock_skew_seconds,
	[TALLY_FEED] = METRIC_feed_stalled_seconds,
};
static struct {
	double value;
	char name[128], warning[512];
} gauges[TALLY_GAUGES];

static struct row *
find(const char *id)
{
	size_t at = 2166136261u;
	const char *p;

	for (p = id; *p != '\0'; p++)
		at = (at ^ (unsigned char)*p) * 16777619u;
	for (at %= PLACES; rows[at].id[0] != '\0'; at = (at + 1) % PLACES)
		if (strcmp(rows[at].id, id) == 0)
			return &rows[at];
	if (n_rows == SUBSCRIPTIONS)
		return &other;
	n_rows++;
	snprintf(rows[at].id, sizeof(rows[at].id), "%s", id);
	return &rows[at];
}

void
tally_attempt(const char *subscription_id, enum ending ending, int64_t ms)
{
	struct row *row = find(subscription_id);
	int i;

	row->n[ending]++;
	if (ending == ENDING_RELEASED)
		return;
	for (i = 0; ms > bounds[i]; i++)
		;
	took[i]++;
	took_ms += (uint64_t)(ms > 0 ? ms : 0);
}

void
tally_claim(int n)
{
	claims++;
	claimed += (uint64_t)n;
}

void
tally_job(const char *job, bool failed, int64_t now_us)
{
	int i;

	for (i = 0; i < JOBS_MAX - 1 && jobs[i].name != NULL; i++)
		if (strcmp(jobs[i].name, job) == 0)
			break;
	jobs[i].name = job;
	if (failed)
		jobs[i].failures++;
	else
		jobs[i].success_us = now_us;
}

void
tally_gauge(int gauge, double value, const char *name, const char *warning)
{
	gauges[gauge].value = value;
	snprintf(gauges[gauge].name, sizeof(gauges->name), "warning %s", name);
	snprintf(gauges[gauge].warning, sizeof(gauges->warning), "%s",
	    warning != NULL ? warning : "");
}

/* Writes ["name","labels",value]; a name never needs an escape. */
static void
put_named(struct buf *out, const char *name, const char *part, double value,
    const char *labels)
{
	buf_printf(out, "%s[\"%s%s\",", out->len > 1 ? "," : "", name, part);
	buf_json_string(out, labels, strlen(labels));
	buf_printf(out, ",%.15g]", value);
}

/* labels: as /metrics shows them, id="17",outcome="failed". */
static void
put(struct buf *out, enum metric metric, double value, const char *labels)
{
	put_named(out, metric_family(metric)->name, "", value, labels);
}

static void
put_part(struct buf *out, const char *part, double value, const char *labels)
{
	put_named(out,
	    metric_family(METRIC_worker_attempt_duration_seconds)->name, part,
	    value, labels);
}

static void
put_row(struct buf *out, const struct row *row)
{
	char labels[96];
	int i;

	for (i = 0; i < ENDINGS; i++) {
		snprintf(labels, sizeof(labels),
		    "subscription=\"%s\",outcome=\"%s\"", row->id,
		    ending_name((enum ending)i));
		if (row->n[i] > 0)
			put(out, METRIC_worker_attempts_total,
			    (double)row->n[i], labels);
	}
}

static void
put_durations(struct buf *out)
{
	char labels[32];
	uint64_t n = 0;
	int i;

	for (i = 0; i < BUCKETS; i++) {
		n += took[i];
		if (i < BUCKETS - 1)
			snprintf(labels, sizeof(labels), "le=\"%g\"",
			    (double)bounds[i] / 1000);
		else
			snprintf(labels, sizeof(labels), "le=\"+Inf\"");
		put_part(out, "_bucket", (double)n, labels);
	}
	put_part(out, "_sum", (double)took_ms / 1000, "");
	put_part(out, "_count", (double)n, "");
}

static void
put_jobs(struct buf *out)
{
	char labels[64];
	int i;

	for (i = 0; i < JOBS_MAX && jobs[i].name != NULL; i++) {
		snprintf(labels, sizeof(labels), "task=\"%s\"", jobs[i].name);
		put(out, METRIC_worker_job_failures_total,
		    (double)jobs[i].failures, labels);
		put(out, METRIC_worker_job_last_success_timestamp_seconds,
		    (double)jobs[i].success_us / 1e6, labels);
	}
}

/* A warning is not a metric: its text, for /ready, stands in place of labels.
 */
static void
put_gauges(struct buf *out)
{
	int i;

	for (i = 0; i < TALLY_GAUGES; i++) {
		put(out, gauge_metrics[i], gauges[i].value, "");
		if (gauges[i].warning[0] != '\0')
			put_named(out, gauges[i].name, "",
			    fabs(gauges[i].value), gauges[i].warning);
	}
}

void
tally_write(struct buf *out)
{
	int i;

	buf_putc(out, '[');
	put_durations(out);
	for (i = 0; i < PLACES; i++)
		put_row(out, &rows[i]);
	put_row(out, &other);
	put(out, METRIC_worker_claimed_total, (double)claimed, "");
	put(out, METRIC_worker_claims_total, (double)claims, "");
	put_jobs(out);
	put_gauges(out);
	buf_putc(out, ']');
}
