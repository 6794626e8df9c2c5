/* The header traceparent of W3C Trace Context. */
#ifndef TRACEPARENT_H
#define TRACEPARENT_H

#include <stdbool.h>

#define TRACEPARENT_LEN 55 /* 00-<32 hex>-<16 hex>-<2 hex> */

/* Version 00 (section 3.2), in lower case, its two ids not 0. */
bool traceparent_is_valid(const char *);

#endif
