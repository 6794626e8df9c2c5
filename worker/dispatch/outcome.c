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

	/* outbox_settle.sql gives the delivery its former state back. */
	if (ending == ENDING_RELEASED)
		return "released";
	return delivery_state_name(states[ending]);
}
