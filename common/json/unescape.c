#include "unescape.h"

#include <string.h>

#include "utf8.h"

static uint32_t
digit(char c)
{
	return (uint32_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

uint32_t
unescape_unit(const char *hex)
{
	return digit(hex[0]) << 12 | digit(hex[1]) << 8 | digit(hex[2]) << 4 |
	    digit(hex[3]);
}

/* from: after the u. Returns the bytes read, with a second escape if any. */
static size_t
unicode(const char *from, char **out)
{
	uint32_t code = unescape_unit(from);
	size_t len = 4;

	if (code >= 0xd800 && code <= 0xdbff) {
		code = 0x10000 + ((code & 0x3ff) << 10);
		code += unescape_unit(from + 6) & 0x3ff;
		len = 10;
	}
	*out += utf8_encode(code, *out);
	return len;
}

size_t
unescape(const char *from, size_t len, char *out)
{
	static const char shorts[] = "b\bf\fn\nr\rt\t";
	const char *end = from + len, *pair;
	char *p = out;

	while (from < end) {
		if (*from != '\\') {
			*p++ = *from++;
		} else if (from[1] == 'u') {
			from += 2 + unicode(from + 2, &p);
		} else {
			pair = strchr(shorts, from[1]);
			*p++ = pair != NULL ? pair[1] : from[1];
			from += 2;
		}
	}
	return (size_t)(p - out);
}
