/* The spellings of numbers that Pydantic v2 takes, brought to JSON's. */
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
 * An integer. Taken, and left out: white space around it, "+", leading zeros,
 * underscores between digits, a fraction of zeros.
 */
enum numeral numeral_int(const char *text, char out[NUMERAL_LEN]);

/*
 * A number that may have a fraction and an exponent. Taken besides: single
 * underscores anywhere inside, no digits on one side of the point.
 */
enum numeral numeral_float(const char *text, char out[NUMERAL_LEN]);

/*
 * The digits of a JSON number with a fraction or an exponent, whose absolute
 * value is below 2^63. False where it is not whole.
 */
bool numeral_whole(const char *number, size_t len, char out[NUMERAL_LEN]);

#endif
