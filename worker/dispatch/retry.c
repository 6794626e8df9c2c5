#include "retry.h"

int64_t
retry_delay_ms(const struct schedule *schedule, int attempts, int max_attempts,
    int64_t retry_after_ms, uint32_t random)
{
	int64_t delay, spread;

	if (attempts >= max_attempts)
		return -1;
	if (attempts < 1)
		attempts = 1;
	delay = (int64_t)(schedule_seconds(schedule, attempts + 1) * 1000);
	spread = delay * RETRY_JITTER_PERCENT / 100;
	delay += (int64_t)(random % (uint64_t)(2 * spread + 1)) - spread;
	if (retry_after_ms > RETRY_MAX_MS)
		retry_after_ms = RETRY_MAX_MS;
	return delay > retry_after_ms ? delay : retry_after_ms;
}
