/*
 * The horizon is the oldest transaction that may still write: feed and live
 * stream show only events of transactions before it. A transaction that stays
 * open stalls both, and is reported here. Pure but for its log lines; the time
 * is an argument.
 */
#ifndef HORIZON_H
#define HORIZON_H

#include <stdbool.h>
#include <stdint.h>

enum {
	HORIZON_STALLED_SECONDS = 30
};

struct horizon {
	char tx[24];       /* the oldest open transaction; "": none */
	int64_t since_ms;  /* when tx was first seen; steady clock */
	int64_t told_ms;   /* when the warning was last logged */
	bool is_told;      /* the warning was logged, its end not yet */
	double stalled;    /* seconds that tx is open; 0: tx has just changed */
	double lasted;     /* `stalled` at the last call */
	bool is_foreign;   /* events_ahead.sql has found events */
	char warning[512]; /* for /ready; "": no warning */
};

/*
 * Takes the answer of worker_watch.sql. tx is NULL if no transaction is open;
 * age and whose are NULL if they are not known.
 */
void horizon_see(struct horizon *, const char *tx, const char *age,
    const char *whose, int64_t now_ms);

#endif
