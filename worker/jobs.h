/*
 * The table of the worker's periodic jobs, and when each is due. The time is an
 * argument: milliseconds of a clock that never goes back.
 */
#ifndef JOBS_H
#define JOBS_H

#include <stddef.h>
#include <stdint.h>

#include "rights.h"
#include "worker.h"

/* How a run of a job ended, and when the job is due again. */
enum turn {
	TURN_REST,  /* done: after its interval */
	TURN_AGAIN, /* more to do: at once */
	TURN_RETRY, /* failed: in JOBS_RETRY_MS, or its interval if shorter */
	TURN_LATER, /* failed: after its interval */
	TURN_DENIED /* the role lacks a right: in JOBS_DENIED_MS or later */
};

struct job {
	const char *name;
	int64_t interval_ms;
	enum turn (*run)(struct worker *);
	int64_t due_ms;
	struct rights rights;
};

enum {
	JOBS = 7,
	JOBS_RETRY_MS = 1000,
	JOBS_DENIED_MS = 60 * 1000
};

/* Fills in the table; every job is due at once. */
void jobs_init(struct job[JOBS]);

/* The job that has been due for longest; NULL: none is due. */
struct job *jobs_due(struct job[], size_t n, int64_t now_ms);
/* Milliseconds until the next job is due; 0: a job is due now. */
int64_t jobs_wait_ms(const struct job[], size_t n, int64_t now_ms);
/* Runs the job, and logs a right that the role lacks, see rights.h. */
enum turn job_run(struct job *, struct worker *, int64_t now_ms);
/* Plans the next run from now on: runs that were missed are not made up for. */
void job_done(struct job *, enum turn, int64_t now_ms);

#endif
