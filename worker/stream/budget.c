#include "budget.h"

enum {
	SECOND = 1000
};

void
budget_open(struct budget *b, int64_t rate, int64_t now_ms)
{
	*b = (struct budget){ .rate = rate, .left = rate, .at_ms = now_ms };
}

static int64_t
at_least_one(int receivers)
{
	return receivers > 1 ? receivers : 1;
}

int64_t
budget_room(struct budget *b, int receivers, int64_t now_ms)
{
	int64_t ms = now_ms - b->at_ms;

	/* Time worth less than a byte is kept for the next call. */
	if (ms > 0 && b->rate * ms >= SECOND) {
		if (ms > 3600 * SECOND)
			ms = 3600 * SECOND;
		b->left += b->rate * ms / SECOND;
		b->at_ms = now_ms;
	}
	if (b->left > b->rate)
		b->left = b->rate;
	return b->left > 0 ? b->left / at_least_one(receivers) : 0;
}

void
budget_spend(struct budget *b, int64_t bytes, int receivers)
{
	b->left -= bytes * at_least_one(receivers);
}
