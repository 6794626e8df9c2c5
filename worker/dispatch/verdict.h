/* What an attempt says about its receiver; pure. */
#ifndef VERDICT_H
#define VERDICT_H

#include "message.h"

enum verdict {
	VERDICT_NONE, /* nothing: the failure was this worker's fault */
	VERDICT_GOOD, /* works, though it may have refused the message */
	VERDICT_BAD,  /* a failure that counts for its circuit breaker */
	VERDICT_GONE, /* answered 410: wants no more messages */
	VERDICTS
};

enum verdict verdict_of(const struct attempt *);
/* Its name in sql/queries/outbox_settle.sql; NULL for VERDICT_NONE. */
const char *verdict_name(enum verdict);

#endif
