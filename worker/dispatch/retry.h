/* When a failed delivery is tried again; pure, so tests need no clock. */
#ifndef RETRY_H
#define RETRY_H

#include <stdint.h>

#include "schedule.h"

enum {
	RETRY_JITTER_PERCENT = 20,
	RETRY_MAX_MS = 24 * 60 * 60 * 1000 /* the longest Retry-After */
};

/*
 * Milliseconds until the next attempt, after `attempts` were made (at least 1);
 * -1: max_attempts were made, so there is no next. The delay is the schedule's,
 * up to RETRY_JITTER_PERCENT longer or shorter, so that deliveries that failed
 * at the same time are not all tried again at the same time; random is any 32
 * random bits. If retry_after_ms (-1: none) is longer, it is used instead, up
 * to RETRY_MAX_MS.
 */
int64_t retry_delay_ms(const struct schedule *, int attempts, int max_attempts,
    int64_t retry_after_ms, uint32_t random);

#endif
