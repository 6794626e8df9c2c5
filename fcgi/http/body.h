/* Checks a body by its headers and length, before it is parsed. */
#ifndef BODY_H
#define BODY_H

#include "problem.h"

/*
 * False: the request was answered with an error, since its body is not JSON by
 * its type, is a CloudEvent, is not UTF-8 by its charset, or is compressed, too
 * large or absent.
 */
bool body_check(const struct request *, struct response *);

#endif
