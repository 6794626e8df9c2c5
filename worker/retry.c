#include "retry.h"

enum {
	SECOND = 1000,
	MINUTE = 60 * SECOND,
	HOUR = 60 * MINUTE
};

/*
 * After the first attempt, the second, ...; the last row stands for all later
 * ones. Quick at first for a receiver that restarts, then slow enough for one
 * that is down over a weekend: with 10 attempts it adds up to about 21 hours.
 */
static const int64_t schedule_ms[] = {
	1 * SECOND,
	5 * SECOND,
	30 * SECOND,
	2 * MINUTE,
	10 * MINUTE,
	30 * MINUTE,
	2 * HOUR,
	6 * HOUR,
	12 * HOUR,
	24 * HOUR,
};

enum {
	ROWS = sizeof(schedule_ms) / sizeof(*schedule_ms)
};

int64_t
retry_delay_ms(int attempts, int max_attempts, uint32_t random)
{
	int64_t delay, spread;

	if (attempts >= max_attempts)
		return -1;
	if (attempts < 1)
		attempts = 1;
	delay = schedule_ms[attempts < ROWS ? attempts - 1 : ROWS - 1];
	spread = delay * RETRY_JITTER_PERCENT / 100;
	return delay - spread + (int64_t)(random % (uint64_t)(2 * spread + 1));
}
