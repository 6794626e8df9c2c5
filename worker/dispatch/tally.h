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
 * warning: /ready shows it under that name; NULL: there is none. If several
 * workers warn under one name, /ready shows the warning with the greatest
 * value.
 */
void tally_gauge(
    int gauge, double value, const char *name, const char *warning);
/* JSON: [["name", "labels", number], …]; see fcgi/monitor/metrics_db.c. */
void tally_write(struct buf *);

#endif
