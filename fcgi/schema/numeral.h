/* Reads numbers in all spellings that Pydantic v2 accepts; writes JSON's. */
#ifndef NUMERAL_H
#define NUMERAL_H

#include "scan.h"

enum {
	NUMERAL_LEN = SCAN_NUMBER + 2 /* with a sign and the final NUL */
};

enum numeral {
	NUMERAL_GOOD,
	NUMERAL_BAD,        /* not a number */
	NUMERAL_TOO_LONG,   /* has more than SCAN_NUMBER digits */
	NUMERAL_NOT_FINITE, /* nan, inf, infinity */
};

/*
 * Reads an integer. Accepted, and left out of the result: white space around
 * it, "+", leading zeros, underscores between digits, a fraction of zeros.
 */
enum numeral numeral_int(const char *text, char out[NUMERAL_LEN]);

/*
 * Reads a number that can have a fraction and an exponent. Also accepted:
 * single underscores anywhere inside, and no digits on one side of the point.
 */
enum numeral numeral_float(const char *text, char out[NUMERAL_LEN]);

/*
 * The digits of a JSON number with a fraction or an exponent, whose absolute
 * value is below 2^63. False if the number is not whole.
 */
bool numeral_whole(const char *number, size_t len, char out[NUMERAL_LEN]);

#endif
