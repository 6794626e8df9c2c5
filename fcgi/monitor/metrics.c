#include "metrics.h"

#include <stdio.h>

#include "metrics_db.h"
#include "prom.h"
#include "queue.h"
#include "score.h"

enum {
	US = 1000000
};

#define P "smartcity_"
#define INGEST P "ingest_requests_total"
#define DURATION P "ingest_duration_seconds"

static void
put_one(struct buf *out, const char *name, const char *type, const char *help,
    double value)
{
	prom_family(out, name, type, help);
	prom_sample(out, name, NULL, value);
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

	prom_family(out, P "ingest_received_total", "counter",
	    "Requests to ingest an event; less the outcomes: in hand.");
	for (s = 0; s < SCORE_SERVICES; s++)
		prom_sample(out, P "ingest_received_total",
		    (const char *[]){ "service", score_service(s), NULL },
		    (double)t->received[s]);
	prom_family(out, INGEST, "counter", "The same by what became of them.");
	for (s = 0; s < SCORE_SERVICES; s++)
		for (o = 0; o < OUTCOMES; o++)
			prom_sample(out, INGEST,
			    (const char *[]){ "service", score_service(s),
				"outcome", score_outcome_name(o), NULL },
			    settled(t, s, o));
}

static void
put_histogram(struct buf *out, const struct tally *t, int s, int o)
{
	const char *labels[] = { "service", score_service(s), "outcome",
		score_outcome_name(o), NULL, NULL, NULL };
	char bound[16];
	double n = 0;
	int b;

	labels[4] = "le";
	labels[5] = bound;
	for (b = 0; b < SCORE_BUCKETS; b++) {
		n += (double)t->took[s][o][b];
		if (b == SCORE_BUCKETS - 1)
			snprintf(bound, sizeof(bound), "+Inf");
		else
			snprintf(bound, sizeof(bound), "%g", score_bucket(b));
		prom_sample(out, DURATION "_bucket", labels, n);
	}
	labels[4] = NULL;
	prom_sample(
	    out, DURATION "_sum", labels, (double)t->took_us[s][o] / US);
	prom_sample(out, DURATION "_count", labels, n);
}

static void
put_durations(struct buf *out, const struct tally *t)
{
	int s, o;

	prom_family(out, DURATION, "histogram",
	    "From a responder's first look at the request to its answer.");
	for (s = 0; s < SCORE_SERVICES; s++)
		for (o = 0; o < OUTCOMES; o++)
			if (settled(t, s, o) > 0)
				put_histogram(out, t, s, o);
}

static void
put_rules(
    struct buf *out, const char *name, const char *help, const counter counts[])
{
	struct derivation at;
	int i;

	prom_family(out, name, "counter", help);
	for (i = 0; i < SCORE_RULES && service_derivation(i, &at); i++)
		prom_sample(out, name,
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

	prom_family(out, P "http_responses_total", "counter",
	    "The pool's answers by class; none: the client was gone.");
	for (i = 0; i < SCORE_CLASSES; i++)
		if (classes[i] != NULL)
			prom_sample(out, P "http_responses_total",
			    (const char *[]){ "class", classes[i], NULL },
			    (double)t->responses[i]);
	put_one(out, P "slow_requests_total", "counter",
	    "Requests that were logged as slow.", (double)t->slow);
	put_one(out, P "accepted_connections_total", "counter",
	    "Connections that the pool's responders accepted.",
	    (double)t->accepted);
}

static void
put_queue(struct buf *out, int listen_fd)
{
	int waiting, max;

	if (!queue_read(listen_fd, &waiting, &max))
		return;
	put_one(out, P "listen_queue", "gauge",
	    "Connections that wait for a responder.", waiting);
	put_one(out, P "listen_queue_max", "gauge",
	    "As many as ever were seen waiting.", score_queue(waiting));
	put_one(
	    out, P "listen_queue_limit", "gauge", "As many as may wait.", max);
}

static void
put_processes(struct buf *out, const struct score_pool *p)
{
	static const char *const states[] = { "idle", "active", "status" };
	const int n[] = { p->idle, p->active, p->status_responders };
	int i;

	prom_family(out, P "pool_processes", "gauge",
	    "Responders by state; status: those for /status and the like.");
	for (i = 0; i < 3; i++)
		prom_sample(out, P "pool_processes",
		    (const char *[]){ "state", states[i], NULL }, n[i]);
	put_one(out, P "pool_max_active_processes", "gauge",
	    "The most responders that ever were busy at once.", p->max_active);
	put_one(out, P "pool_max_children_reached_total", "counter",
	    "Requests that took the last idle responder.",
	    (double)p->max_reached);
	put_one(out, P "pool_start_time_seconds", "gauge",
	    "When these counters began; a reload does not reset them.",
	    (double)p->started_us / US);
	put_one(out, P "pool_children_started_total", "counter",
	    "Responders that were started.", (double)p->started);
	prom_family(out, P "pool_children_ended_total", "counter",
	    "Responders that ended: done, failed (exit status), timeout "
	    "(SMARTCITY_REQUEST_TIMEOUT), killed (signal).");
	for (i = 0; i < SCORE_ENDS; i++)
		prom_sample(out, P "pool_children_ended_total",
		    (const char *[]){ "reason", score_end_name(i), NULL },
		    (double)p->ended[i]);
}

static void
put_db_errors(struct buf *out, const struct tally *t)
{
	int i;

	prom_family(out, P "database_errors_total", "counter",
	    "Statements and connections of the pool that failed, by class.");
	for (i = 0; i < DB_ERRORS; i++)
		prom_sample(out, P "database_errors_total",
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
	put_rules(out, P "rules_fired_total",
	    "Derived events that a rule made.", tally.fired);
	put_rules(out, P "rules_suppressed_total",
	    "Derived events that an open incident stands for.",
	    tally.suppressed);
	put_responses(out, &tally);
	put_db_errors(out, &tally);
	if (score_pool(&pool)) {
		put_queue(out, ctx->listen_fd);
		put_processes(out, &pool);
	}
	metrics_db(ctx, out);
}
