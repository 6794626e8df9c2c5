/* The headers that a subscription adds to its webhooks. */
#ifndef STATIC_HEADERS_H
#define STATIC_HEADERS_H

#include "problem.h"

/* Shown for each value in answers; stands for the stored value in a change. */
#define STATIC_HEADERS_MASK "***"

/*
 * Writes the member `headers` of a subscription as the value of its column, an
 * object or null, and adds every fault; no fault shows a value. is_new: no
 * value is stored that a mask could stand for.
 */
void static_headers_read(
    const struct cJSON *value, bool is_new, struct buf *, struct faults *);

#endif
