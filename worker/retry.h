/* When to try again; pure, so that tests need no clock. */
#ifndef RETRY_H
#define RETRY_H

#include <stdint.h>

/*
 * Milliseconds until the next attempt after so many (at least 1) were made, or
 * -1: never, that was the last one. random is any 32 random bits; they spread
 * the delay by RETRY_JITTER_PERCENT to either side, so that the messages that
 * failed together do not come back together.
 */
int64_t retry_delay_ms(int attempts, int max_attempts, uint32_t random);

enum {
	RETRY_JITTER_PERCENT = 20
};

#endif
