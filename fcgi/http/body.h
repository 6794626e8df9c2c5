/* Checks a body by its headers and length, before it is parsed. */
#ifndef BODY_H
#define BODY_H

#include "problem.h"

/*
 * False: the request was answered, since its body is not JSON by its type, a
 * CloudEvent, not UTF-8 by its charset, compressed, too large, or absent.
 */
bool body_check(const struct request *, struct response *);

#endif
