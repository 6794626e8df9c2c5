/* What every body has to be before anybody looks at what is in it. */
#ifndef BODY_H
#define BODY_H

#include "problem.h"

/* False: it is of another type, too large, or absent; that was answered. */
bool body_check(const struct request *, struct response *);
/*
 * One JSON object, which the caller frees. STATUS_REJECT: it is none, and a
 * fault says why.
 */
enum status body_parse(
    const struct request *, struct json **, struct faults *) MUST_CHECK;

#endif
