/*
 * The counters of this worker since its start. Its heartbeat writes them to the
 * database, where /metrics reads them.
 */
#ifndef TALLY_H
#define TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "outcome.h"

void tally_attempt(const char *subscription_id, enum ending, int64_t took_ms);
void tally_claim(int claimed);
/* job is kept by reference. */
void tally_job(const char *job, bool failed, int64_t now_us);
/* Values of this moment. */
enum {
	TALLY_CLOCK, /* seconds that this host is ahead of the database */
	TALLY_FEED,  /* seconds for which the feed has been held back */
	TALLY_GAUGES
};
/*
 * warning: the text that /ready shows; NULL: no warning. If workers warn under
 * the same name, /ready shows only the warning with the greatest absolute
 * value.
 */
void tally_gauge(
    int gauge, double value, const char *name, const char *warning);
/* Writes [["name", "labels", number], …]; see fcgi/monitor/metrics_db.c. */
void tally_write(struct buf *);

#endif
