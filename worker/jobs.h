/*
 * What the worker does, as a table of periodic jobs, and when each is due.
 * The times are an argument: milliseconds of a clock that never goes back.
 */
#ifndef JOBS_H
#define JOBS_H

#include <stddef.h>
#include <stdint.h>

#include "rights.h"
#include "worker.h"

/* What a run of a job says about its next one. */
enum turn {
	TURN_REST,  /* after its interval */
	TURN_AGAIN, /* at once: there is more to do */
	TURN_RETRY, /* it failed: soon */
	TURN_LATER, /* it failed: after its interval */
	TURN_DENIED /* the role may not do it: when that may have changed */
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

/* The table, every job due at 0, that is at once. */
void jobs_init(struct job[JOBS]);

/* The job that is due for longest, by the table's order among equals; NULL. */
struct job *jobs_due(struct job[], size_t n, int64_t now_ms);
/* Until the next job is due; 0 where one is. */
int64_t jobs_wait_ms(const struct job[], size_t n, int64_t now_ms);
/* Runs it, and says once what the role may not do for it. */
enum turn job_run(struct job *, struct worker *, int64_t now_ms);
/* When it is due again: a late job is not made up for. */
void job_done(struct job *, enum turn, int64_t now_ms);

#endif
