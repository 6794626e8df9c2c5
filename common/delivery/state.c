#include "state.h"

#include <stddef.h>

#include "word.h"

const char *const delivery_state_names[MESSAGE_STATES + 1] = {
	[DELIVERY_PENDING] = "pending",
	[DELIVERY_DELIVERING] = "delivering",
	[DELIVERY_RETRYING] = "retrying",
	[DELIVERY_DELIVERED] = "delivered",
	[DELIVERY_FAILED] = "failed",
	[DELIVERY_HELD] = "held",
	[DELIVERY_EXPIRED] = "expired",
	[DELIVERY_UNCLAIMED] = "unclaimed",
};

static const char *const breaker_names[BREAKER_STATES] = {
	[BREAKER_CLOSED] = "closed",
	[BREAKER_HALF_OPEN] = "half-open",
	[BREAKER_OPEN] = "open",
};

const char *
delivery_state_name(enum delivery_state state)
{
	return delivery_state_names[state];
}

int
delivery_state_find(const char *name)
{
	/* The former name of "unclaimed", which clients can still use. */
	static const char *const old[] = { "sent" };

	if (word_find(old, 1, name) == 0)
		return DELIVERY_UNCLAIMED;
	return word_find(delivery_state_names, MESSAGE_STATES, name);
}

const char *
breaker_state_name(enum breaker_state state)
{
	return breaker_names[state];
}

int
breaker_state_find(const char *name)
{
	return word_find(breaker_names, BREAKER_STATES, name);
}
