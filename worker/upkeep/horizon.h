/*
 * The horizon: feed and live stream show what lies below the oldest transaction
 * that may still write. Where it stands still, somebody holds it. Pure but for
 * its log lines; the times are an argument.
 */
#ifndef HORIZON_H
#define HORIZON_H

#include <stdbool.h>
#include <stdint.h>

enum {
	HORIZON_STALLED_SECONDS = 30
};

struct horizon {
	char tx[24];      /* the oldest transaction; "": none holds back */
	int64_t since_ms; /* steady clock, when it was seen first */
	int64_t told_ms;
	bool is_told;      /* of what stalls it */
	double stalled;    /* seconds; 0: it has moved since the last look */
	double lasted;     /* the same at the look before */
	bool is_foreign;   /* there are events that events_ahead.sql finds */
	char warning[512]; /* for /ready; "": none */
};

/*
 * What worker_watch.sql answered. tx NULL: nobody holds it back; age and whose
 * NULL: not known.
 */
void horizon_see(struct horizon *, const char *tx, const char *age,
    const char *whose, int64_t now_ms);

#endif
