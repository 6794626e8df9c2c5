/* Back-off, computed from data alone, so that tests need no clock. */
#ifndef BACKOFF_H
#define BACKOFF_H

#include <stdint.h>

struct backoff {
	int64_t base_ms; /* after the first failure */
	int64_t max_ms;
	int jitter_percent; /* spread to either side */
};

/*
 * The pause after so many failures: doubles from base to max. failures counts
 * from 1 (0 gives 0); random, any 32 random bits, decides where in the spread
 * the result lies.
 */
int64_t backoff_ms(const struct backoff *, int failures, uint32_t random);

#endif
