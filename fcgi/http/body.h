/* What every body has to be before anybody looks at what is in it. */
#ifndef BODY_H
#define BODY_H

#include "problem.h"

/*
 * False, and answered: it is of another type, a CloudEvent, not UTF-8 by its
 * charset, compressed, too large, or absent.
 */
bool body_check(const struct request *, struct response *);

#endif
