#include "jobs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drain.h"
#include "log.h"

enum {
	SECOND = 1000,
	MINUTE = 60 * SECOND,
	HOUR = 60 * MINUTE
};

/* /ready is 503 when no worker did this for SMARTCITY_WORKER_SEEN seconds. */
static enum turn
heartbeat(struct worker *w)
{
	const char *const values[] = { w->name };

	if (db_run(w->db, Q_worker_beat, 1, values, NULL) != STATUS_OK)
		return TURN_RETRY;
	return TURN_REST;
}

static enum turn
partitions(struct worker *w)
{
	char weeks[16];
	const char *const values[] = { weeks };
	struct pg_result *r;
	int made;

	snprintf(weeks, sizeof(weeks), "%d", w->config->partitions_ahead);
	if (db_run(w->db, Q_partitions_ensure, 1, values, &r) != STATUS_OK)
		return TURN_RETRY;
	made = atoi(db_value(r, 0, 0));
	if (made > 0)
		log_info("partitions: made %d", made);
	db_result_free(r);
	return TURN_REST;
}

static enum turn
drain(struct worker *w)
{
	const struct claim claim = {
		.size = w->config->outbox_batch_size,
		.lease_seconds = w->config->outbox_lease_seconds,
		.max_attempts = w->config->outbox_max_attempts,
	};
	int claimed;

	if (drain_batch(w->db, w->sink, &claim, &claimed) != STATUS_OK)
		return TURN_RETRY;
	return claimed == claim.size ? TURN_AGAIN : TURN_REST;
}

static enum turn
bury(struct worker *w)
{
	int buried;

	if (outbox_bury(w->db, w->config->outbox_max_attempts, &buried) !=
	    STATUS_OK)
		return TURN_RETRY;
	if (buried > 0)
		log_error("outbox: %d messages failed for good: their last "
			  "attempt ended without an outcome",
		    buried);
	return buried > 0 ? TURN_AGAIN : TURN_REST;
}

void
jobs_init(struct job jobs[JOBS], const struct config *c)
{
	const struct job table[JOBS] = {
		{ "heartbeat", 5 * SECOND, heartbeat, 0 },
		{ "partitions", 1 * HOUR, partitions, 0 },
		{ "drain", (int64_t)(c->outbox_poll_seconds * SECOND), drain,
		    0 },
		{ "bury", 10 * SECOND, bury, 0 },
	};

	memcpy(jobs, table, sizeof(table));
}

static const struct job *
first(const struct job jobs[], size_t n)
{
	const struct job *job = NULL;
	size_t i;

	for (i = 0; i < n; i++)
		if (job == NULL || jobs[i].due_ms < job->due_ms)
			job = &jobs[i];
	return job;
}

struct job *
jobs_due(struct job jobs[], size_t n, int64_t now_ms)
{
	const struct job *job = first(jobs, n);

	if (job == NULL || job->due_ms > now_ms)
		return NULL;
	return &jobs[job - jobs];
}

int64_t
jobs_wait_ms(const struct job jobs[], size_t n, int64_t now_ms)
{
	const struct job *job = first(jobs, n);

	if (job == NULL)
		return JOBS_RETRY_MS;
	return job->due_ms > now_ms ? job->due_ms - now_ms : 0;
}

void
job_done(struct job *job, enum turn turn, int64_t now_ms)
{
	int64_t pause = job->interval_ms;

	if (turn == TURN_AGAIN)
		pause = 0;
	else if (turn == TURN_RETRY && pause > JOBS_RETRY_MS)
		pause = JOBS_RETRY_MS;
	job->due_ms = now_ms + pause;
}
