/* The headers that a subscription adds to its webhooks. */
#ifndef STATIC_HEADERS_H
#define STATIC_HEADERS_H

#include "problem.h"

/* How answers show a value; in a change it stands for the one that is kept. */
#define STATIC_HEADERS_MASK "***"

/*
 * Writes the member `headers` of a subscription as the column it becomes, an
 * object or null, and adds every fault; no fault tells a value. is_new: there
 * are none that could be kept.
 */
void static_headers_read(
    const struct cJSON *value, bool is_new, struct buf *, struct faults *);

#endif
