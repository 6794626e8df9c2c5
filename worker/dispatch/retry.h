/* When to try again; pure, so that tests need no clock. */
#ifndef RETRY_H
#define RETRY_H

#include <stdint.h>

#include "schedule.h"

enum {
	RETRY_JITTER_PERCENT = 20,
	RETRY_MAX_MS = 24 * 60 * 60 * 1000 /* of what a receiver may ask for */
};

/*
 * Milliseconds until the next attempt after so many (at least 1) were made, or
 * -1: never, that was the last one. The schedule's delay is spread by
 * RETRY_JITTER_PERCENT to either side, so that what failed together does not
 * come back together; random is any 32 random bits. A receiver that asked for
 * more (Retry-After, -1: did not) gets it, up to RETRY_MAX_MS.
 */
int64_t retry_delay_ms(const struct schedule *, int attempts, int max_attempts,
    int64_t retry_after_ms, uint32_t random);

#endif
