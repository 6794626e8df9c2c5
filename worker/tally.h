/*
 * What this worker has counted since it started; its heartbeat carries it to
 * the database, from where /metrics has it.
 */
#ifndef TALLY_H
#define TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"

/* outcome: delivered, retrying, failed or released. */
void tally_attempt(
    const char *subscription_id, const char *outcome, int64_t took_ms);
void tally_claim(int claimed);
/* job is kept by reference. */
void tally_job(const char *job, bool failed, int64_t now_us);
/* JSON: [["name", "labels", number], …]; see fcgi/metrics_db.c. */
void tally_write(struct buf *);

#endif
