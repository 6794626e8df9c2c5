#include "numeral.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The text that is still to be read, and the number written so far. */
struct reader {
	const char *p, *end;
	char *out;
	size_t len;
	bool is_full;
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The length of the Unicode White_Space character at p, in UTF-8, or 0. */
static size_t
space_at(const char *p, const char *end)
{
	static const char *const spaces[] = { "\t", "\n", "\v", "\f", "\r", " ",
		"\xc2\x85", "\u00a0", "\u1680", "\u2000", "\u2001", "\u2002",
		"\u2003", "\u2004", "\u2005", "\u2006", "\u2007", "\u2008",
		"\u2009", "\u200a", "\u2028", "\u2029", "\u202f", "\u205f",
		"\u3000" };
	size_t i, n;

	for (i = 0; i < sizeof(spaces) / sizeof(*spaces); i++) {
		n = strlen(spaces[i]);
		if ((size_t)(end - p) >= n && memcmp(p, spaces[i], n) == 0)
			return n;
	}
	return 0;
}

static void
put(struct reader *r, char c)
{
	if (r->len < NUMERAL_LEN - 1)
		r->out[r->len++] = c;
	else
		r->is_full = true;
	r->out[r->len] = '\0';
}

static void
trim(struct reader *r)
{
	size_t n;

	while ((n = space_at(r->p, r->end)) > 0)
		r->p += n;
	for (n = 1; n <= 3 && (size_t)(r->end - r->p) >= n; n++)
		if (space_at(r->end - n, r->end) == n) {
			r->end -= n;
			n = 0;
		}
}

static void
start(struct reader *r, const char *text, char out[NUMERAL_LEN])
{
	*r = (struct reader){
		.p = text, .end = text + strlen(text), .out = out
	};
	out[0] = '\0';
	trim(r);
}

/*
 * Is each underscore inside the text and next to no other underscore? With
 * between_digits: is each between two digits?
 */
static bool
has_good_underscores(const struct reader *r, bool between_digits)
{
	const char *p;

	for (p = r->p; p < r->end; p++) {
		if (*p != '_')
			continue;
		if (p == r->p || p + 1 == r->end || p[1] == '_')
			return false;
		if (between_digits && (!is_digit(p[-1]) || !is_digit(p[1])))
			return false;
	}
	return true;
}

/* Skips underscores; returns the character after them, or NUL at the end. */
static char
peek(struct reader *r)
{
	while (r->p < r->end && *r->p == '_')
		r->p++;
	return r->p < r->end ? *r->p : '\0';
}

static bool
accept(struct reader *r, char c)
{
	if (peek(r) != c)
		return false;
	r->p++;
	return true;
}

static void
sign(struct reader *r)
{
	if (accept(r, '-'))
		put(r, '-');
	else
		accept(r, '+');
}

/* digits() and whole_part() return the number of digits that they read. */
static size_t
digits(struct reader *r)
{
	size_t n = 0;

	for (; is_digit(peek(r)); n++)
		put(r, *r->p++);
	return n;
}

static size_t
whole_part(struct reader *r)
{
	size_t zeros = 0;

	while (accept(r, '0'))
		zeros++;
	if (is_digit(peek(r)))
		return zeros + digits(r);
	put(r, '0');
	return zeros;
}

enum numeral
numeral_int(const char *text, char out[NUMERAL_LEN])
{
	struct reader r;

	start(&r, text, out);
	if (!has_good_underscores(&r, true))
		return NUMERAL_BAD;
	sign(&r);
	if (whole_part(&r) == 0)
		return NUMERAL_BAD;
	if (accept(&r, '.'))
		while (accept(&r, '0'))
			continue;
	if (r.p < r.end)
		return NUMERAL_BAD;
	if (strcmp(out, "-0") == 0)
		strcpy(out, "0");
	return r.is_full || scan_number(out, r.len) != NULL ? NUMERAL_TOO_LONG
							    : NUMERAL_GOOD;
}

static bool
is_not_finite(const struct reader *r)
{
	static const char *const words[] = { "nan", "inf", "infinity" };
	size_t i, n = (size_t)(r->end - r->p);

	for (i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (n == strlen(words[i]) &&
		    strncasecmp(r->p, words[i], n) == 0)
			return true;
	return false;
}

static bool
exponent(struct reader *r)
{
	if (!accept(r, 'e') && !accept(r, 'E'))
		return true;
	put(r, 'e');
	sign(r);
	return digits(r) > 0;
}

enum numeral
numeral_float(const char *text, char out[NUMERAL_LEN])
{
	struct reader r;
	size_t n;

	start(&r, text, out);
	if (!has_good_underscores(&r, false))
		return NUMERAL_BAD;
	sign(&r);
	if (is_not_finite(&r))
		return NUMERAL_NOT_FINITE;
	n = whole_part(&r);
	if (accept(&r, '.') && is_digit(peek(&r))) {
		put(&r, '.');
		n += digits(&r);
	}
	if (n == 0 || !exponent(&r) || r.p < r.end)
		return NUMERAL_BAD;
	return r.is_full ? NUMERAL_TOO_LONG : NUMERAL_GOOD;
}

bool
numeral_whole(const char *number, size_t len, char out[NUMERAL_LEN])
{
	static const char zeros[] = "000000000000000000"; /* 10^18 < 2^63 */
	char kept[SCAN_NUMBER + 1];
	size_t n = 0, i = *number == '-';
	long behind = 0; /* kept digits after the decimal point */
	bool point = false;

	for (; i < len && (is_digit(number[i]) || number[i] == '.'); i++) {
		if (number[i] == '.') {
			point = true;
			continue;
		}
		behind += point;
		if (n > 0 || number[i] != '0')
			kept[n++] = number[i];
	}
	if (i < len)
		behind -= strtol(number + i + 1, NULL, 10);
	for (; n > 0 && kept[n - 1] == '0'; n--)
		behind--;
	if (n == 0)
		behind = 0;
	if (behind > 0 || behind < -(long)strlen(zeros))
		return false;
	snprintf(out, NUMERAL_LEN, "%s%.*s%.*s",
	    n > 0 && *number == '-' ? "-" : "", n > 0 ? (int)n : 1,
	    n > 0 ? kept : zeros, (int)-behind, zeros);
	return true;
}
