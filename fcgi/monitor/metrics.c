#include "metrics.h"

#include <math.h>
#include <stdio.h>

#include "metrics_db.h"
#include "prom.h"
#include "queue.h"
#include "score.h"

enum {
	US = 1000000
};

static void
put_one(struct buf *out, enum metric metric, double value)
{
	prom_family(out, metric);
	prom_sample(out, metric, NULL, value);
}

/* --- the ledger --- */

static double
settled(const struct tally *t, int service, int outcome)
{
	double n = 0;
	int b;

	for (b = 0; b < SCORE_BUCKETS; b++)
		n += (double)t->took[service][outcome][b];
	return n;
}

static void
put_ledger(struct buf *out, const struct tally *t)
{
	int s, o;

	prom_family(out, METRIC_ingest_received_total);
	for (s = 0; s < SCORE_SERVICES; s++)
		prom_sample(out, METRIC_ingest_received_total,
		    (const char *[]){ "service", score_service(s), NULL },
		    (double)t->received[s]);
	prom_family(out, METRIC_ingest_requests_total);
	for (s = 0; s < SCORE_SERVICES; s++)
		for (o = 0; o < OUTCOMES; o++)
			prom_sample(out, METRIC_ingest_requests_total,
			    (const char *[]){ "service", score_service(s),
				"outcome", score_outcome_name(o), NULL },
			    settled(t, s, o));
}

/* labels: those of the family, with room for "le", its value and NULL. */
static void
put_histogram(struct buf *out, enum metric metric, const char *labels[],
    const counter counts[], double (*upper)(int), int n, double sum)
{
	char bound[16];
	double total = 0;
	int b, le;

	for (le = 0; labels[le] != NULL;)
		le++;
	labels[le] = "le";
	labels[le + 1] = bound;
	labels[le + 2] = NULL;
	for (b = 0; b < n; b++) {
		total += (double)counts[b];
		if (isinf(upper(b)))
			snprintf(bound, sizeof(bound), "+Inf");
		else
			snprintf(bound, sizeof(bound), "%g", upper(b));
		prom_part(out, metric, "_bucket", labels, total);
	}
	labels[le] = NULL;
	prom_part(out, metric, "_sum", labels, sum);
	prom_part(out, metric, "_count", labels, total);
}

static void
put_duration(struct buf *out, const struct tally *t, int s, int o)
{
	const char *labels[7] = { "service", score_service(s), "outcome",
		score_outcome_name(o) };

	put_histogram(out, METRIC_ingest_duration_seconds, labels,
	    t->took[s][o], score_bucket, SCORE_BUCKETS,
	    (double)t->took_us[s][o] / US);
}

static void
put_batches(struct buf *out, const struct tally *t)
{
	int s, o;

	prom_family(out, METRIC_batch_events_total);
	for (s = 0; s < SCORE_SERVICES; s++)
		for (o = 0; o < OUTCOMES; o++)
			if (t->batch[s][o] > 0)
				prom_sample(out, METRIC_batch_events_total,
				    (const char *[]){ "service",
					score_service(s), "outcome",
					score_outcome_name(o), NULL },
				    (double)t->batch[s][o]);
}

static void
put_commits(struct buf *out, const struct tally *t)
{
	const char *labels[3] = { NULL };

	prom_family(out, METRIC_commit_events);
	put_histogram(out, METRIC_commit_events, labels, t->commits, score_size,
	    SCORE_SIZES, (double)t->committed);
}

static void
put_durations(struct buf *out, const struct tally *t)
{
	int s, o;

	prom_family(out, METRIC_ingest_duration_seconds);
	for (s = 0; s < SCORE_SERVICES; s++)
		for (o = 0; o < OUTCOMES; o++)
			if (settled(t, s, o) > 0)
				put_duration(out, t, s, o);
}

static void
put_rules(struct buf *out, enum metric metric, const counter counts[])
{
	struct derivation at;
	int i;

	prom_family(out, metric);
	for (i = 0; i < SCORE_RULES && service_derivation(i, &at); i++)
		prom_sample(out, metric,
		    (const char *[]){ "service", at.service->name, "derived",
			at.derived->service, NULL },
		    (double)counts[i]);
}

/* --- the pool --- */

static void
put_responses(struct buf *out, const struct tally *t)
{
	static const char *const classes[SCORE_CLASSES] = { "none", NULL, "2xx",
		"3xx", "4xx", "5xx" };
	int i;

	prom_family(out, METRIC_http_responses_total);
	for (i = 0; i < SCORE_CLASSES; i++)
		if (classes[i] != NULL)
			prom_sample(out, METRIC_http_responses_total,
			    (const char *[]){ "class", classes[i], NULL },
			    (double)t->responses[i]);
	put_one(out, METRIC_slow_requests_total, (double)t->slow);
	put_one(out, METRIC_accepted_connections_total, (double)t->accepted);
}

static void
put_queue(struct buf *out, int listen_fd)
{
	int waiting, max;

	if (!queue_read(listen_fd, &waiting, &max))
		return;
	put_one(out, METRIC_listen_queue, waiting);
	put_one(out, METRIC_listen_queue_max, score_queue(waiting));
	put_one(out, METRIC_listen_queue_limit, max);
}

static void
put_processes(struct buf *out, const struct score_pool *p)
{
	static const char *const states[] = { "idle", "active", "status" };
	const int n[] = { p->idle, p->active, p->status_responders };
	int i;

	prom_family(out, METRIC_pool_processes);
	for (i = 0; i < 3; i++)
		prom_sample(out, METRIC_pool_processes,
		    (const char *[]){ "state", states[i], NULL }, n[i]);
	put_one(out, METRIC_pool_max_active_processes, p->max_active);
	put_one(out, METRIC_pool_max_children_reached_total,
	    (double)p->max_reached);
	put_one(
	    out, METRIC_pool_start_time_seconds, (double)p->started_us / US);
	put_one(out, METRIC_pool_children_started_total, (double)p->started);
	prom_family(out, METRIC_pool_children_ended_total);
	for (i = 0; i < SCORE_ENDS; i++)
		prom_sample(out, METRIC_pool_children_ended_total,
		    (const char *[]){ "reason", score_end_name(i), NULL },
		    (double)p->ended[i]);
}

static void
put_db_errors(struct buf *out, const struct tally *t)
{
	int i;

	prom_family(out, METRIC_database_errors_total);
	for (i = 0; i < DB_ERRORS; i++)
		prom_sample(out, METRIC_database_errors_total,
		    (const char *[]){
			"class", sqlstate_error_name((enum db_error)i), NULL },
		    (double)t->db_errors[i]);
}

void
metrics_get(const struct context *ctx, const struct request *req,
    const char *arg, struct response *res)
{
	struct buf *out = &res->body;
	struct score_pool pool;
	struct tally tally;

	(void)req;
	(void)arg;
	res->content_type = PROM_CONTENT_TYPE;
	score_sum(&tally);
	put_ledger(out, &tally);
	put_durations(out, &tally);
	put_batches(out, &tally);
	put_commits(out, &tally);
	put_rules(out, METRIC_rules_fired_total, tally.fired);
	put_rules(out, METRIC_rules_suppressed_total, tally.suppressed);
	put_responses(out, &tally);
	put_db_errors(out, &tally);
	if (score_pool(&pool)) {
		put_queue(out, ctx->listen_fd);
		put_processes(out, &pool);
	}
	metrics_db(ctx, out);
}
