/* How an attempt ended, and what that says about the receiver. */
#ifndef OUTCOME_H
#define OUTCOME_H

#include <stdint.h>

#include "verdict.h"

enum ending {
	ENDING_DELIVERED,
	ENDING_RETRYING,
	ENDING_FAILED,   /* for good: a dead letter */
	ENDING_RELEASED, /* given back: not begun, or cut off by a stop */
	ENDINGS
};

/* The name in SQL and metrics; the first three are also delivery states. */
const char *ending_name(enum ending);

struct outcome {
	enum ending ending;
	enum verdict verdict;
	int64_t delay_ms; /* until the next attempt, if retrying */
	int64_t began_ms; /* start, by the steady clock */
	int64_t took_ms;
};

#endif
