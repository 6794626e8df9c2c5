/* Back-off, computed from data alone, so that tests need no clock. */
#ifndef BACKOFF_H
#define BACKOFF_H

#include <stdint.h>

struct backoff {
	int64_t base_ms; /* pause after the first failure */
	int64_t max_ms;
	int jitter_percent; /* greatest deviation, to either side */
};

/*
 * The pause, in ms, after this number of failures: it doubles from base_ms up
 * to max_ms. failures counts from 1 (0 gives 0). random, any 32 random bits,
 * decides how far the result deviates.
 */
int64_t backoff_ms(const struct backoff *, int failures, uint32_t random);

#endif
