#include "outcome.h"

#include "state.h"

const char *
ending_name(enum ending ending)
{
	static const enum delivery_state states[ENDINGS] = {
		[ENDING_DELIVERED] = DELIVERY_DELIVERED,
		[ENDING_RETRYING] = DELIVERY_RETRYING,
		[ENDING_FAILED] = DELIVERY_FAILED,
	};

	/* The delivery gets its former state back, which SQL knows. */
	if (ending == ENDING_RELEASED)
		return "released";
	return delivery_state_name(states[ending]);
}
