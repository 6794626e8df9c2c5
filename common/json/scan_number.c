#include <assert.h>
#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "scan.h"

/*
 * Zero is checked as if it were one: 0e-16000 is a valid double, but
 * PostgreSQL's numeric writes all of its zeros out. PostgreSQL's float8 refuses
 * numbers so small that they would become zero.
 */
static bool
is_in_range(const char *start, const char *exponent, const char *end)
{
	char copy[SCAN_NUMBER + 2] = "1";
	const char *p;
	double magnitude;

	start += *start == '-';
	for (p = start; p < exponent && (*p == '0' || *p == '.');)
		p++;
	if (p == exponent)
		memcpy(copy + 1, exponent, (size_t)(end - exponent));
	else
		memcpy(copy, start, (size_t)(end - start));
	magnitude = strtod(copy, NULL);
	return magnitude > 0 && magnitude <= DBL_MAX;
}

const char *
scan_number(const char *number, size_t len)
{
	const char *end = number + len, *exponent = number;
	size_t sign = *number == '-';
	bool is_integer;

	while (exponent < end && *exponent != 'e' && *exponent != 'E')
		exponent++;
	is_integer = exponent == end && memchr(number, '.', len) == NULL;
	if (len > SCAN_NUMBER + (is_integer ? sign : 0))
		return "number of more than 128 characters";
	static_assert(SCAN_NUMBER == 128, "what the reason says");
	/* An exponent of two digits cannot leave the range of a double. */
	static_assert(SCAN_NUMBER + 99 < DBL_MAX_10_EXP, "range of a double");
	if (end - exponent > 3 && !is_in_range(number, exponent, end))
		return "number out of range";
	return NULL;
}
