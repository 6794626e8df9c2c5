/*
 * What this worker has counted since it started; its heartbeat carries it to
 * the database, from where /metrics has it.
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
/* What is so just now. */
enum {
	TALLY_CLOCK, /* seconds that this host is ahead of the database */
	TALLY_FEED,  /* seconds that the feed has stood still */
	TALLY_GAUGES
};
/*
 * warning: what /ready says of it, under that name; NULL: nothing. Of several
 * workers that warn under one name the one with the greatest value is shown.
 */
void tally_gauge(
    int gauge, double value, const char *name, const char *warning);
/* JSON: [["name", "labels", number], …]; see fcgi/monitor/metrics_db.c. */
void tally_write(struct buf *);

#endif
