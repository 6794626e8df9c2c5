#include "buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

static char nothing[1];

void
buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){ .data = nothing, .max = max };
}

void
buf_free(struct buf *b)
{
	if (b->cap > 0)
		free(b->data);
	buf_init(b, b->max);
}

void
buf_reset(struct buf *b)
{
	b->len = 0;
	b->failed = false;
	if (b->cap > 0)
		b->data[0] = '\0';
}

void
buf_cut(struct buf *b, size_t n)
{
	if (n >= b->len)
		return;
	b->len = n;
	b->data[n] = '\0';
}

/* Makes room for n more bytes and the NUL, or fails the buffer. */
static bool
reserve(struct buf *b, size_t n)
{
	size_t want, cap;
	char *data;

	if (b->failed)
		return false;
	if (n > b->max - b->len) {
		b->failed = true;
		return false;
	}
	want = b->len + n + 1;
	if (want <= b->cap)
		return true;
	for (cap = b->cap ? b->cap : 256; cap < want;)
		cap *= 2;
	data = realloc(b->cap ? b->data : NULL, cap);
	if (data == NULL) {
		b->failed = true;
		return false;
	}
	b->data = data;
	b->cap = cap;
	return true;
}

void
buf_put(struct buf *b, const void *bytes, size_t n)
{
	if (!reserve(b, n))
		return;
	if (n > 0)
		memcpy(b->data + b->len, bytes, n);
	b->len += n;
	b->data[b->len] = '\0';
}

void
buf_putc(struct buf *b, char c)
{
	buf_put(b, &c, 1);
}

void
buf_puts(struct buf *b, const char *s)
{
	buf_put(b, s, strlen(s));
}

void
buf_put_number(struct buf *b, unsigned long n)
{
	char digits[3 * sizeof(n)], *p = digits + sizeof(digits);

	do
		*--p = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	buf_put(b, p, (size_t)(digits + sizeof(digits) - p));
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	char text[256]; /* most are shorter, and need no second call */
	va_list ap, again;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0)
		b->failed = true;
	else if ((size_t)n < sizeof(text))
		buf_put(b, text, (size_t)n);
	else if (reserve(b, (size_t)n)) {
		vsnprintf(b->data + b->len, (size_t)n + 1, fmt, again);
		b->len += (size_t)n;
	}
	va_end(again);
}

static void
escape(struct buf *b, unsigned char c)
{
	static const char shorts[] = "\"\"\\\\\bb\ff\nn\rr\tt";
	const char *p;

	for (p = shorts; *p != '\0'; p += 2)
		if ((unsigned char)p[0] == c) {
			buf_putc(b, '\\');
			buf_putc(b, p[1]);
			return;
		}
	buf_printf(b, "\\u%04x", c);
}

void
buf_json_string(struct buf *b, const char *s, size_t n)
{
	size_t i, run, len;
	unsigned char c;

	buf_putc(b, '"');
	for (i = run = 0; i < n; i += len) {
		c = (unsigned char)s[i];
		len = c < 0x80 ? 1 : utf8_sequence(s + i, n - i);
		if (len > 0 && c >= 0x20 && c != '"' && c != '\\')
			continue;
		buf_put(b, s + run, i - run);
		if (len > 0)
			escape(b, c);
		else
			buf_puts(b, "\xef\xbf\xbd");
		len = 1;
		run = i + 1;
	}
	buf_put(b, s + run, n - run);
	buf_putc(b, '"');
}
