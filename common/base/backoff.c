#include "backoff.h"

int64_t
backoff_ms(const struct backoff *b, int failures, uint32_t random)
{
	int64_t delay, spread;
	int i;

	if (failures <= 0)
		return 0;
	delay = b->base_ms;
	for (i = 1; i < failures && delay < b->max_ms; i++)
		delay *= 2;
	if (delay > b->max_ms)
		delay = b->max_ms;
	spread = delay * b->jitter_percent / 100;
	return delay - spread + (int64_t)(random % (uint64_t)(2 * spread + 1));
}
