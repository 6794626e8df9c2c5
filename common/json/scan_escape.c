#include <ctype.h>
#include <stdbool.h>

#include "scan.h"
#include "unescape.h"

static const char cut[] = "unexpected end";

/* Reads four hexadecimal digits; NULL, or the reason why they are refused. */
static const char *
unit(const char **at, const char *end, uint32_t *out)
{
	int i;

	for (i = 0; i < 4; i++, ++*at) {
		if (*at == end)
			return cut;
		if (!isxdigit((unsigned char)**at))
			return "invalid escape";
	}
	*out = unescape_unit(*at - 4);
	return NULL;
}

static bool
is_surrogate(uint32_t unit, uint32_t first)
{
	return (unit & 0xfc00) == first;
}

/* start: the backslash; *at: what comes after the u. */
static const char *
unicode(const char *start, const char **at, const char *end)
{
	const char *reason;
	uint32_t high, low;

	if ((reason = unit(at, end, &high)) != NULL)
		return reason;
	if (high != 0 && !is_surrogate(high, 0xd800) &&
	    !is_surrogate(high, 0xdc00))
		return NULL;
	if (is_surrogate(high, 0xd800) && end - *at >= 2 && (*at)[0] == '\\' &&
	    (*at)[1] == 'u') {
		*at += 2;
		if ((reason = unit(at, end, &low)) != NULL)
			return reason;
		if (is_surrogate(low, 0xdc00))
			return NULL;
	}
	*at = start;
	return high == 0 ? "escaped NUL" : "unpaired surrogate";
}

const char *
scan_escape(const char **at, const char *end)
{
	const char *start = *at;

	if (++*at == end)
		return cut;
	switch (*(*at)++) {
	case '"':
	case '\\':
	case '/':
	case 'b':
	case 'f':
	case 'n':
	case 'r':
	case 't':
		return NULL;
	case 'u':
		return unicode(start, at, end);
	default:
		--*at;
		return "invalid escape";
	}
}
