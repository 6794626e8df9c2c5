/* Validators of answers (RFC 9110, sections 8.8.3 and 13.1.2). */
#ifndef ETAG_H
#define ETAG_H

#include "request.h"

/*
 * Adds a strong ETag made from these bytes, which must differ whenever the body
 * does, and lets clients keep the answer if they ask each time whether it still
 * holds. If the request names this tag in If-None-Match, the answer becomes
 * 304, without a body.
 */
void etag_answer(
    const struct request *, const char *bytes, size_t n, struct response *);
/* Whether a list in If-None-Match, "*" included, matches; weak comparison. */
bool etag_matches(const char *list, const char *tag);

#endif
