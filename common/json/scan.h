/*
 * The strict JSON scanner (RFC 8259), which every body must pass first. It
 * accepts exactly one value and nothing around it but white space, and one byte
 * order mark in front, which is skipped as Python's json.loads() does. It also
 * refuses: invalid UTF-8, NUL (raw or \u0000), unpaired surrogates, equal names
 * in one object (compared after unescaping), more than SCAN_DEPTH levels, and
 * the numbers that scan_number() refuses. PostgreSQL's json and jsonb accept
 * everything that the scanner accepts. Its time is linear in len for any input;
 * the locale must have the decimal point of "C".
 */
#ifndef SCAN_H
#define SCAN_H

#include "buf.h"

#define SCAN_DEPTH 64
/* Most characters of a number; an integer can have 128 digits and a sign. */
#define SCAN_NUMBER 128

struct scan_error {
	size_t offset;      /* index of the offending byte; <= len */
	const char *reason; /* a static phrase, lower case, no full stop */
};

/*
 * Appends the value to out (unless NULL) without insignificant white space:
 * strings and numbers byte for byte as sent. STATUS_REJECT fills *err and
 * leaves the text before the error in out; STATUS_FAULT means that memory is
 * short, or that out is full.
 */
enum status scan_json(const char *text, size_t len, struct buf *out,
    struct scan_error *err) MUST_CHECK;

/*
 * Checks a text that must be an array, each of whose elements scan_json() would
 * accept; they may each have SCAN_DEPTH levels. STATUS_REJECT fills *err, also
 * for a value that is no array.
 */
enum status scan_array(
    const char *text, size_t len, struct scan_error *err) MUST_CHECK;

/*
 * Moves *at from a backslash in a string to after its escape (section 7).
 * Returns NULL, or why it is refused; *at is then the offending byte.
 */
const char *scan_escape(const char **at, const char *end);

/*
 * NULL, or why a number that is valid JSON is refused: it is too long; it is
 * too great for a double; it is not zero but would be zero as a double; or it
 * is zero with an exponent with which 1 would be refused. PostgreSQL's float8
 * and numeric can read every number that is accepted.
 */
const char *scan_number(const char *number, size_t len);

#endif
