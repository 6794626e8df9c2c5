/* What an attempt says about its receiver; pure. */
#ifndef VERDICT_H
#define VERDICT_H

#include "message.h"

/*
 * "good", "bad" (counts for its circuit breaker), "gone" (410: it wants no
 * more), or NULL: it lives, but refused this message, or it was our fault.
 */
const char *verdict(const struct attempt *);

#endif
