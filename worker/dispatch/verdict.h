/* What an attempt says about its receiver; pure. */
#ifndef VERDICT_H
#define VERDICT_H

#include "message.h"

/*
 * "good" (it works, though it may have refused this message), "bad" (counts for
 * its circuit breaker), "gone" (410: it wants no more), or NULL: our own fault.
 */
const char *verdict(const struct attempt *);

#endif
