#include "jobs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "dbclock.h"
#include "log.h"
#include "tally.h"

enum {
	SECOND = 1000,
	MINUTE = 60 * SECOND,
	COUNTED_MAX = 4 << 20
};

/* Keeps, for the next heartbeat, how far this host's clock is off. */
static void
count_skew(const struct worker *w)
{
	char text[256], name[128], whose[160];
	double skew = dbclock_skew();

	snprintf(name, sizeof(name), "clock of %.*s",
	    (int)strcspn(w->name, ":"), w->name);
	snprintf(whose, sizeof(whose), "clock: the host of worker %s", w->name);
	dbclock_text(text, sizeof(text), whose, skew);
	tally_gauge(
	    TALLY_CLOCK, skew, name, dbclock_is_far(skew) ? text : NULL);
}

/*
 * Reads the database's clock, and looks for a transaction that holds back feed
 * and live stream.
 */
static enum turn
watch(struct worker *w)
{
	static atomic_bool told;
	const char *const values[WORKER_WATCH_ARGS] = {
		[WORKER_WATCH_ARG_TX] = w->horizon.tx,
	};
	struct moment asked = dbclock_moment();
	struct pg_result *r;

	if (db_run(w->db, Q_worker_watch, values, &r) != STATUS_OK)
		return TURN_RETRY;
	dbclock_hear(pg_value(r, 0, WORKER_WATCH_NOW), &asked);
	dbclock_tell(&told);
	count_skew(w);
	horizon_see(&w->horizon, pg_value(r, 0, WORKER_WATCH_TX),
	    pg_value(r, 0, WORKER_WATCH_AGE),
	    pg_value(r, 0, WORKER_WATCH_WHOSE), clock_steady_ms());
	pg_free(r);
	tally_gauge(TALLY_FEED, w->horizon.stalled, "feed",
	    w->horizon.warning[0] != '\0' ? w->horizon.warning : NULL);
	return TURN_REST;
}

/* /ready answers 503 if no worker did this for SMARTCITY_WORKER_SEEN s. */
static enum turn
heartbeat(struct worker *w)
{
	enum status status = STATUS_FAULT;
	struct buf counted;

	buf_init(&counted, COUNTED_MAX);
	tally_write(&counted);
	if (!counted.failed) {
		const char *const values[WORKER_BEAT_ARGS] = {
			[WORKER_BEAT_ARG_NAME] = w->name,
			[WORKER_BEAT_ARG_METRICS] = counted.data,
		};

		status = db_run(w->db, Q_worker_beat, values, NULL);
	}
	buf_free(&counted);
	return status == STATUS_OK ? TURN_REST : TURN_RETRY;
}

/*
 * Runs a job that is one statement. `column` of its row is the number of things
 * done, which is logged; if it is `many` or more, there is probably more to do.
 */
static enum turn
count(struct worker *w, enum query q, const char *const values[], int column,
    int many, const char *what)
{
	struct pg_result *r;
	int counted;

	if (db_run(w->db, q, values, &r) != STATUS_OK)
		return TURN_RETRY;
	counted = pg_int(r, 0, column);
	pg_free(r);
	if (counted > 0)
		log_info("jobs: %d %s", counted, what);
	return counted >= many ? TURN_AGAIN : TURN_REST;
}

static enum turn
partitions(struct worker *w)
{
	char weeks[16];
	const char *const values[PARTITIONS_ENSURE_ARGS] = {
		[PARTITIONS_ENSURE_ARG_WEEKS] = weeks,
	};
	struct pg_result *r = NULL;

	/* Without the right to read events, only this warning is missing. */
	if (db_run(w->db, Q_events_ahead, NULL, &r) == STATUS_OK)
		w->horizon.is_foreign = pg_is_true(r, 0, EVENTS_AHEAD_AHEAD);
	pg_free(r);
	snprintf(weeks, sizeof(weeks), "%d", w->config->partitions_ahead);
	return count(w, Q_partitions_ensure, values, PARTITIONS_ENSURE_DONE, 1,
	    "partitions made, or events moved into their partition");
}

/* Corrects times that only a wrong clock of the database can have written. */
static enum turn
mend(struct worker *w)
{
	const char *const values[CLOCK_MEND_ARGS] = {
		[CLOCK_MEND_ARG_RETRY_SCHEDULE] = w->config->retry_schedule,
	};

	return count(w, Q_clock_mend, values, CLOCK_MEND_MENDED, 1000,
	    "rows corrected that a wrong clock had dated in the future");
}

/* Expires deliveries that no claim takes: see deliveries_expire.sql. */
static enum turn
expire(struct worker *w)
{
	return count(w, Q_deliveries_expire, NULL, DELIVERIES_EXPIRE_EXPIRED,
	    1000, "deliveries expired");
}

/* Deletes old messages, some in each run; after the last it starts over. */
static enum turn
expunge(struct worker *w)
{
	char delivered[32], failed[32];
	struct id from = w->expunged.text[0] ? w->expunged : id_floor(0);
	const char *const values[OUTBOX_EXPUNGE_ARGS] = {
		[OUTBOX_EXPUNGE_ARG_DELIVERED_DAYS] = delivered,
		[OUTBOX_EXPUNGE_ARG_FAILED_DAYS] = failed,
		[OUTBOX_EXPUNGE_ARG_AFTER] = from.text,
	};
	struct pg_result *r;
	enum turn turn = TURN_REST;
	int gone;

	snprintf(
	    delivered, sizeof(delivered), "%g", w->config->keep_delivered_days);
	snprintf(failed, sizeof(failed), "%g", w->config->keep_failed_days);
	/* Not urgent: old messages can wait for the next run. */
	if (db_run(w->db, Q_outbox_expunge, values, &r) != STATUS_OK)
		return TURN_LATER;
	gone = pg_int(r, 0, OUTBOX_EXPUNGE_GONE);
	if (gone > 0)
		log_info("jobs: %d old messages deleted", gone);
	w->expunged.text[0] = '\0';
	if (pg_value(r, 0, OUTBOX_EXPUNGE_LAST) != NULL) {
		snprintf(w->expunged.text, sizeof(w->expunged.text), "%s",
		    pg_value(r, 0, OUTBOX_EXPUNGE_LAST));
		turn = TURN_AGAIN;
	}
	pg_free(r);
	return turn;
}

static enum turn
stream(struct worker *w)
{
	return stream_tick(w->stream, w->db) == STATUS_OK ? TURN_REST
							  : TURN_RETRY;
}

void
jobs_init(struct job jobs[JOBS])
{
	static const struct job table[JOBS] = {
		{ .name = "watch", 5 * SECOND, watch },
		{ .name = "heartbeat", 5 * SECOND, heartbeat },
		{ .name = "partitions", 1 * MINUTE, partitions },
		{ .name = "mend", 10 * SECOND, mend },
		{ .name = "expire", 10 * SECOND, expire },
		{ .name = "expunge", 1 * MINUTE, expunge },
		{ .name = "stream", SECOND / 4, stream },
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

enum turn
job_run(struct job *job, struct worker *w, int64_t now_ms)
{
	enum turn turn = job->run(w);
	char what[64];

	snprintf(what, sizeof(what), "jobs: %s", job->name);
	if (turn < TURN_RETRY)
		rights_suffice(&job->rights, what);
	else if (rights_lack(&job->rights, what, w->db, now_ms))
		turn = TURN_DENIED;
	return turn;
}

void
job_done(struct job *job, enum turn turn, int64_t now_ms)
{
	int64_t pause = job->interval_ms;

	if (turn == TURN_AGAIN)
		pause = 0;
	else if (turn == TURN_RETRY && pause > JOBS_RETRY_MS)
		pause = JOBS_RETRY_MS;
	else if (turn == TURN_DENIED && pause < JOBS_DENIED_MS)
		pause = JOBS_DENIED_MS;
	job->due_ms = now_ms + pause;
}
