/* Times as RFC 3339 text and as microseconds since 1970, UTC. */
#ifndef RFC3339_H
#define RFC3339_H

#include <stdbool.h>
#include <stdint.h>

#define RFC3339_LEN 27 /* 2026-11-23T10:00:00.000000Z */

/* What is answered where rfc3339_parse() refuses. */
#define RFC3339_EXPECTED                                                       \
	"Input should be an RFC 3339 time with its zone, as in "               \
	"2026-11-23T10:00:00Z"

/* us must lie in the years 1970 to 9999. */
void rfc3339_format(int64_t us, char out[RFC3339_LEN + 1]);
/*
 * Accepts RFC 3339 in the years 1970 to 9999. A space can stand for the T, and
 * for the + of a zone, because form decoding turns + into a space. Digits
 * beyond the microsecond round up. No leap seconds: PostgreSQL has none either.
 */
bool rfc3339_parse(const char *text, int64_t *us);

#endif
