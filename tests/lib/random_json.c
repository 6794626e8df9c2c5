#include "random_json.h"

#include <string.h>

#include "scan.h"

uint64_t random_json_state;
static const char *const names[] = { "a", "b", "c", "d", "A", "", "\\u0061",
	"\\u0062", "\\u00e9", "\xc3\xa9", "\\n", "id", "location", "x y",
	"\xf0\x9f\x98\x80", "\\ud83d\\ude00", "\\\"", "k1", "k2", "k3" };
static const char *const strings[] = { "", "x", "emergency", "\\u0000",
	"\\ud83d\\ude00", "\\ud83d", "\\ude00", "\\\\u0000", "\\/\\b\\f\\t",
	"\x7f", "\xe2\x82\xac", "\xf4\x8f\xbf\xbf", "\xef\xbf\xbf", "\\uFFFF",
	"a \\\" b", "0", "\\u000a" };
static const char *const numbers[] = { "0", "-0", "1", "42", "-7", "1.50",
	"0.30000000000000004", "9223372036854775807", "1e2", "1E+2", "2e-3",
	"-0.0", "1e307", "1e308", "1e309", "1e-307", "1e-308", "5e-324", "0e5",
	"0e-400", "0e400", "1e400", "1e-400", "1e131071", "1e131072",
	"1e-16383", "0e-16383", "0e99999", "123456789012345678901234567890",
	"1e0000002", "2.2250738585072011e-308", "4.9e-324", "2.47e-324",
	"0e-323" };
static const char *const tokens[] = { "{", "}", "[", "]", ",", ":", "\"", "\\",
	"\\u", "\\ud800", "\\udc00", "true", "false", "null", "-", "+", ".",
	"e", "E", "0", "1", "00", "e9", "e-999", " ", "\n", "\t", "\x0b",
	"\x1f", "\x7f", "\xc3", "\xa9", "\xc0\x80", "\xed\xa0\x80",
	"\xf4\x90\x80\x80", "\xef\xbb\xbf", "\xc2\xa0", "/**/", "//", "'",
	"NaN", "Infinity", "{}", "[]", "\"a\":1", ",\"a\":1", "\"\"" };

/* xorshift64*, Vigna 2016. */
static unsigned
random_json_below(size_t n)
{
	random_json_state ^= random_json_state >> 12;
	random_json_state ^= random_json_state << 25;
	random_json_state ^= random_json_state >> 27;
	return (unsigned)((random_json_state * 0x2545f4914f6cdd1d) >> 33) %
	    (unsigned)n;
}

#define PICK(a) ((a)[random_json_below(COUNT(a))])

static void
make_space(struct buf *b)
{
	static const char *const spaces[] = { " ", "\n", "\t", "\r\n", "  " };

	if (random_json_below(8) == 0)
		buf_puts(b, PICK(spaces));
}

static void
make_number(struct buf *b)
{
	unsigned i, n;

	switch (random_json_below(40)) {
	case 0:
		for (i = 0, n = SCAN_NUMBER - 2 + random_json_below(5); i < n;
		     i++)
			buf_putc(b, (char)('1' + random_json_below(9)));
		break;
	case 1:
	case 2:
		buf_puts(b, PICK(numbers));
		break;
	case 3:
		buf_printf(b, "%u.", random_json_below(10));
		buf_printf(b, "%ue", random_json_below(1000));
		buf_printf(b, "%d", (int)random_json_below(640) - 320);
		break;
	default:
		buf_puts(b, random_json_below(4) == 0 ? "-" : "");
		buf_printf(b, "%u", random_json_below(2000));
		if (random_json_below(3) == 0)
			buf_printf(b, ".%u", random_json_below(100000));
	}
}

static void
make_string(struct buf *b)
{
	buf_puts(b, "\"");
	buf_puts(b,
	    random_json_below(3) == 0 ? PICK(strings)
				      : strings[random_json_below(3)]);
	buf_puts(b, "\"");
}

static void make_value(struct buf *, unsigned);

static void
make_list(struct buf *b, unsigned depth, bool is_object)
{
	unsigned i, n = random_json_below(5);

	buf_putc(b, is_object ? '{' : '[');
	for (i = 0; i < n; i++) {
		if (i > 0)
			buf_putc(b, ',');
		make_space(b);
		if (is_object) {
			buf_printf(b, "\"%s", PICK(names));
			if (random_json_below(3) > 0)
				buf_printf(b, "%u", i);
			buf_putc(b, '"');
			make_space(b);
			buf_putc(b, ':');
		}
		make_value(b, depth + 1);
		make_space(b);
	}
	make_space(b);
	buf_putc(b, is_object ? '}' : ']');
}

static void
make_value(struct buf *b, unsigned depth)
{
	static const char *const literals[] = { "true", "false", "null" };

	make_space(b);
	switch (random_json_below(depth < 4 ? 7 : 3)) {
	case 0:
		make_number(b);
		break;
	case 1:
		make_string(b);
		break;
	case 2:
		buf_puts(b, PICK(literals));
		break;
	case 3:
	case 4:
		make_list(b, depth, false);
		break;
	default:
		make_list(b, depth, true);
	}
	make_space(b);
}

static void
splice(struct buf *b, size_t at, size_t cut, const char *in, size_t n)
{
	char tail[MAX_TEXT];
	size_t len = b->len - at - cut;

	memcpy(tail, b->data + at + cut, len);
	b->len = at;
	buf_put(b, in, n);
	buf_put(b, tail, len);
}

static void
mutate(struct buf *b)
{
	size_t at = random_json_below(b->len + 1), n = b->len - at, from;
	const char *token;
	char copy[16];

	n = random_json_below((n < 12 ? n : 12) + 1);
	switch (random_json_below(5)) {
	case 0:
		if (at < b->len)
			b->data[at] ^= (char)(1 << random_json_below(8));
		break;
	case 1:
		token = PICK(tokens);
		splice(b, at, 0, token, strlen(token));
		break;
	case 2:
		splice(b, at, n < 3 ? n : 3, "", 0);
		break;
	case 3:
		memcpy(copy, b->data + at, n);
		from = random_json_below(b->len + 1);
		splice(b, from, 0, copy, n);
		break;
	default:
		token = PICK(tokens);
		splice(b, at, n < 1 ? n : 1, token, strlen(token));
	}
}

void
random_json_text(struct buf *b)
{
	unsigned i,
	    levels = random_json_below(50) == 0 ? 60 + random_json_below(8) : 0;

	buf_reset(b);
	for (i = 0; i < levels; i++)
		buf_puts(b, "[");
	make_value(b, levels > 0 ? 4 : 0);
	for (i = 0; i < levels; i++)
		buf_puts(b, "]");
	if (b->failed) {
		random_json_text(b);
		return;
	}
	if (random_json_below(5) < 3)
		for (i = 0; i <= random_json_below(3); i++)
			mutate(b);
}

void
random_json_number(struct buf *b)
{
	unsigned i, n = random_json_below(130),
		    exponent = 300 + random_json_below(40);

	buf_puts(b, random_json_below(4) == 0 ? "-" : "");
	if (random_json_below(3) == 0) {
		for (i = 0; i < n; i++)
			buf_putc(b, (char)('1' + random_json_below(9)));
		buf_puts(b, n == 0 ? "0" : "");
		return;
	}
	buf_printf(b, "%u.", random_json_below(10));
	for (i = 0; i <= n / 3; i++)
		buf_putc(b,
		    (char)('0' +
			(random_json_below(2) ? random_json_below(10) : 0)));
	buf_printf(b, "e%s%u", random_json_below(3) ? "-" : "", exponent);
}
