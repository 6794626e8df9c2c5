/* What an attempt says about its receiver; pure. */
#ifndef VERDICT_H
#define VERDICT_H

#include "message.h"

enum verdict {
	VERDICT_NONE, /* nothing: it was our own fault */
	VERDICT_GOOD, /* it works, though it may have refused this message */
	VERDICT_BAD,  /* counts as a failure for its circuit breaker */
	VERDICT_GONE, /* it answered 410: it wants no more */
	VERDICTS
};

enum verdict verdict_of(const struct attempt *);
/* As sql/queries/outbox_settle.sql knows it; NULL for VERDICT_NONE. */
const char *verdict_name(enum verdict);

#endif
