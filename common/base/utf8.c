#include "utf8.h"

#include <string.h>

/*
 * Table 3-7 of the Unicode standard: the range of the second byte depends on
 * the first, which excludes overlong forms and surrogates.
 */
static const struct {
	unsigned char first, last, low, high;
	size_t len;
} forms[] = {
	{ 0x00, 0x7f, 0, 0, 1 },
	{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
	{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },
	{ 0xe1, 0xec, 0x80, 0xbf, 3 },
	{ 0xed, 0xed, 0x80, 0x9f, 3 },
	{ 0xee, 0xef, 0x80, 0xbf, 3 },
	{ 0xf0, 0xf0, 0x90, 0xbf, 4 },
	{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
	{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
};

size_t
utf8_sequence(const char *s, size_t n)
{
	const unsigned char *u = (const unsigned char *)s;
	size_t i, k;

	if (n == 0)
		return 0;
	for (i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		if (u[0] < forms[i].first || u[0] > forms[i].last)
			continue;
		if (forms[i].len == 1)
			return 1;
		if (n < forms[i].len || u[1] < forms[i].low ||
		    u[1] > forms[i].high)
			return 0;
		for (k = 2; k < forms[i].len; k++)
			if ((u[k] & 0xc0) != 0x80)
				return 0;
		return forms[i].len;
	}
	return 0;
}

size_t
utf8_encode(uint32_t code, char out[4])
{
	static const unsigned char lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t len, i;

	len = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	for (i = len - 1; i > 0; i--, code >>= 6)
		out[i] = (char)(0x80 | (code & 0x3f));
	out[0] = (char)(lead[len] | code);
	return len;
}

long
utf8_count(const char *s, size_t n)
{
	size_t i, len;
	long count = 0;

	for (i = 0; i < n; i += len, count++)
		if ((len = utf8_sequence(s + i, n - i)) == 0)
			return -1;
	return count;
}

bool
utf8_is_valid(const char *s, size_t n)
{
	return utf8_count(s, n) >= 0;
}

size_t
utf8_prefix(const char *s, size_t characters)
{
	size_t n = strlen(s), len = 0, step;

	while (characters-- > 0 && (step = utf8_sequence(s + len, n - len)) > 0)
		len += step;
	return len;
}
