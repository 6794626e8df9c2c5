#include "scan.h"

#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "unescape.h"
#include "utf8.h"

struct scan {
	const char *text;
	const char *p; /* the next byte to look at */
	const char *end;
	const char *kept; /* start of the text that is not in out yet */
	struct buf *out;
	unsigned depth, depth_max;
	struct names names;
	char *decoded; /* names that had escapes, unescaped */
	size_t decoded_len;
	enum status status; /* valid once a function has returned false */
	struct scan_error err;
};

/* Bytes of a string that need no check: 0x20 to 0x7f, except " and \. */
static const bool plain[256] = {
	[0x20 ... 0x21] = true,
	[0x23 ... 0x5b] = true,
	[0x5d ... 0x7f] = true,
};

static bool value(struct scan *);

static bool
refuse(struct scan *s, const char *at, const char *reason)
{
	s->status = STATUS_REJECT;
	s->err.offset = (size_t)(at - s->text);
	s->err.reason = reason;
	return false;
}

static bool
unexpected(struct scan *s)
{
	return refuse(s, s->p,
	    s->p == s->end ? "unexpected end" : "unexpected character");
}

/* The next byte, or -1 at the end. */
static int
peek(const struct scan *s)
{
	return s->p < s->end ? (unsigned char)*s->p : -1;
}

static bool
accept(struct scan *s, char c)
{
	if (s->p == s->end || *s->p != c)
		return false;
	s->p++;
	return true;
}

static void
keep(struct scan *s, const char *upto)
{
	if (s->out != NULL)
		buf_put(s->out, s->kept, (size_t)(upto - s->kept));
	s->kept = s->p;
}

static void
skip_space(struct scan *s)
{
	const char *start = s->p;

	while (s->p < s->end &&
	    (*s->p == ' ' || *s->p == '\n' || *s->p == '\t' || *s->p == '\r'))
		s->p++;
	if (s->p > start)
		keep(s, start);
}

/* Reads a string. On true, s->p is after its closing quote. */
static bool
string(struct scan *s, bool *escaped)
{
	const char *reason;
	size_t len;

	*escaped = false;
	for (s->p++;;) {
		while (s->p < s->end && plain[(unsigned char)*s->p])
			s->p++;
		if (s->p == s->end)
			return unexpected(s);
		if (*s->p == '"')
			break;
		if (*s->p == '\\') {
			*escaped = true;
			reason = scan_escape(&s->p, s->end);
			if (reason != NULL)
				return refuse(s, s->p, reason);
			continue;
		}
		if ((unsigned char)*s->p < 0x20)
			return refuse(s, s->p, "control character in string");
		len = utf8_sequence(s->p, (size_t)(s->end - s->p));
		if (len == 0)
			return refuse(s, s->p, "invalid UTF-8");
		s->p += len;
	}
	s->p++;
	return true;
}

/* Unescaping makes no name longer, so the text's length is enough for all. */
static const char *
decode(struct scan *s, const char *from, size_t *len)
{
	char *out;

	if (s->decoded == NULL)
		s->decoded = malloc((size_t)(s->end - s->text));
	if (s->decoded == NULL)
		return NULL;
	out = s->decoded + s->decoded_len;
	*len = unescape(from, *len, out);
	s->decoded_len += *len;
	return out;
}

static bool
name(struct scan *s)
{
	const char *start = s->p, *bytes = start + 1;
	bool escaped;
	size_t len;

	if (peek(s) != '"')
		return unexpected(s);
	if (!string(s, &escaped))
		return false;
	len = (size_t)(s->p - 1 - bytes);
	if (escaped)
		bytes = decode(s, bytes, &len);
	s->status = bytes == NULL ? STATUS_FAULT
				  : names_add(&s->names, s->depth, bytes, len);
	if (s->status == STATUS_REJECT)
		return refuse(s, start, "duplicate name");
	return s->status == STATUS_OK;
}

static bool
digits(struct scan *s)
{
	const char *start = s->p;

	while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
		s->p++;
	return s->p > start || unexpected(s);
}

static bool
number(struct scan *s)
{
	const char *start = s->p, *reason;

	accept(s, '-');
	if (!accept(s, '0') && !digits(s))
		return false;
	if (accept(s, '.') && !digits(s))
		return false;
	if (accept(s, 'e') || accept(s, 'E')) {
		if (!accept(s, '+'))
			accept(s, '-');
		if (!digits(s))
			return false;
	}
	reason = scan_number(start, (size_t)(s->p - start));
	return reason == NULL || refuse(s, start, reason);
}

static bool
literal(struct scan *s, const char *word)
{
	for (; *word != '\0'; word++)
		if (!accept(s, *word))
			return unexpected(s);
	return true;
}

static bool
member(struct scan *s)
{
	if (!name(s))
		return false;
	skip_space(s);
	if (!accept(s, ':'))
		return unexpected(s);
	skip_space(s);
	return value(s);
}

static bool
items(struct scan *s, bool (*item)(struct scan *))
{
	do {
		skip_space(s);
		if (!item(s))
			return false;
		skip_space(s);
	} while (accept(s, ','));
	return true;
}

static bool
list(struct scan *s, char close, bool (*item)(struct scan *))
{
	if (++s->depth > s->depth_max)
		return refuse(s, s->p, "nested too deeply");
	s->p++;
	skip_space(s);
	if (peek(s) != close && !items(s, item))
		return false;
	if (!accept(s, close))
		return unexpected(s);
	s->depth--;
	return true;
}

static bool
object(struct scan *s)
{
	size_t outer = s->names.count;

	if (!list(s, '}', member))
		return false;
	names_drop(&s->names, outer);
	return true;
}

static bool
value(struct scan *s)
{
	bool escaped;

	switch (peek(s)) {
	case '{':
		return object(s);
	case '[':
		return list(s, ']', value);
	case '"':
		return string(s, &escaped);
	case 't':
		return literal(s, "true");
	case 'f':
		return literal(s, "false");
	case 'n':
		return literal(s, "null");
	case '-':
	case '0' ... '9':
		return number(s);
	default:
		return unexpected(s);
	}
}

/* Does text begin like an object or a byte order mark in UTF-16 or UTF-32? */
static bool
is_other_utf(const char *text, size_t len)
{
	static const struct {
		const char *bytes;
		size_t n;
	} rows[] = { { "\xff\xfe", 2 }, { "\xfe\xff", 2 }, { "{\0", 2 },
		{ "\0{", 2 }, { "\0\0\xfe\xff", 4 }, { "\0\0\0{", 4 } };
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (len >= rows[i].n &&
		    memcmp(text, rows[i].bytes, rows[i].n) == 0)
			return true;
	return false;
}

/* The one value of the text, which item() reads. */
static bool
whole(struct scan *s, bool (*item)(struct scan *))
{
	static const char mark[] = "\xef\xbb\xbf";
	size_t len = (size_t)(s->end - s->text);

	if (is_other_utf(s->text, len))
		return refuse(
		    s, s->text, "UTF-16 or UTF-32 where UTF-8 is expected");
	if (len >= strlen(mark) && memcmp(s->text, mark, strlen(mark)) == 0)
		s->p = s->kept = s->text + strlen(mark);
	skip_space(s);
	if (!item(s))
		return false;
	keep(s, s->p);
	skip_space(s);
	return s->p == s->end || refuse(s, s->p, "trailing data");
}

static bool
document(struct scan *s)
{
	return whole(s, value);
}

static enum status
scan(const char *text, size_t len, bool (*read)(struct scan *), struct buf *out,
    struct scan_error *err)
{
	struct scan s;

	s.text = s.p = s.kept = len > 0 ? text : "";
	s.end = s.text + len;
	s.out = out;
	s.depth = 0;
	s.depth_max = SCAN_DEPTH;
	s.decoded = NULL;
	s.decoded_len = 0;
	s.status = STATUS_OK;
	names_init(&s.names);
	if (read(&s) && out != NULL && out->failed)
		s.status = STATUS_FAULT;
	if (s.status == STATUS_REJECT)
		*err = s.err;
	names_free(&s.names);
	free(s.decoded);
	return s.status;
}

enum status
scan_json(const char *text, size_t len, struct buf *out, struct scan_error *err)
{
	return scan(text, len, document, out, err);
}

static bool
array_value(struct scan *s)
{
	if (peek(s) != '[')
		return refuse(s, s->p, "an array is expected");
	s->depth_max = SCAN_DEPTH + 1;
	return value(s);
}

static bool
array(struct scan *s)
{
	return whole(s, array_value);
}

enum status
scan_array(const char *text, size_t len, struct scan_error *err)
{
	return scan(text, len, array, NULL, err);
}
