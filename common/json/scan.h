/*
 * The strict JSON scanner (RFC 8259) that every body passes before anything
 * else looks at it. It accepts exactly one value and nothing around it but
 * white space, and one byte order mark in front, which is skipped as Python's
 * json.loads() does. It refuses besides: invalid UTF-8, NUL (raw or \u0000),
 * unpaired surrogates, equal names in one object (compared after unescaping),
 * more than SCAN_DEPTH levels, and the numbers that scan_number() refuses. What
 * it accepts, PostgreSQL's json and jsonb both accept. Linear in len, whatever
 * the sender wrote; the locale's decimal point has to be the "C" one.
 */
#ifndef SCAN_H
#define SCAN_H

#include "buf.h"

#define SCAN_DEPTH 64
/* Characters of a number; an integer may have so many digits and a sign. */
#define SCAN_NUMBER 128

struct scan_error {
	size_t offset;      /* in bytes, of the offending byte; <= len */
	const char *reason; /* a static phrase, lower case, no full stop */
};

/*
 * Appends to out (unless NULL) the same value without insignificant white
 * space: strings and numbers byte for byte as sent. STATUS_REJECT fills *err
 * and leaves in out what came before; STATUS_FAULT means out of memory or out
 * full.
 */
enum status scan_json(const char *text, size_t len, struct buf *out,
    struct scan_error *err) MUST_CHECK;

/*
 * Why a number in the shape that JSON gives it is refused, or NULL where it is
 * not: it is too long, it is not finite in a double, it is not zero but a
 * double makes zero of it, or it is zero and only its exponent is of that kind.
 * What is accepted, PostgreSQL's float8 and numeric can read.
 */
const char *scan_number(const char *number, size_t len);

#endif
