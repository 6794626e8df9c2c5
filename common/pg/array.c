#include "array.h"

#include <string.h>

/* The head of array_send() and array_recv() in PostgreSQL's arrayfuncs.c. */
enum {
	COUNT = 12, /* position of the number of elements */
	HEAD = 20
};

/* 2000-01-01, where PostgreSQL's times begin, in microseconds since 1970. */
static const int64_t EPOCH = 946684800000000;

static void
set_int(char *at, uint32_t v)
{
	at[0] = (char)(v >> 24);
	at[1] = (char)(v >> 16);
	at[2] = (char)(v >> 8);
	at[3] = (char)v;
}

static uint32_t
get_int(const char *at)
{
	const unsigned char *u = (const unsigned char *)at;

	return (uint32_t)u[0] << 24 | (uint32_t)u[1] << 16 |
	    (uint32_t)u[2] << 8 | u[3];
}

void
array_init(struct buf *b, enum array_of type, size_t max)
{
	char head[HEAD];
	/* Dimensions, "has nulls", type, number of elements, first index. */
	const uint32_t words[] = { 1, 1, (uint32_t)type, 0, 1 };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(*words); i++)
		set_int(head + 4 * i, words[i]);
	buf_init(b, max);
	buf_put(b, head, sizeof(head));
}

void
array_put(struct buf *b, const void *bytes, size_t n)
{
	char len[4];

	set_int(len, bytes != NULL ? (uint32_t)n : UINT32_MAX);
	buf_put(b, len, sizeof(len));
	if (bytes != NULL)
		buf_put(b, bytes, n);
	if (!b->failed)
		set_int(b->data + COUNT, get_int(b->data + COUNT) + 1);
}

void
array_put_text(struct buf *b, const char *text)
{
	array_put(b, text, text != NULL ? strlen(text) : 0);
}

void
array_put_id(struct buf *b, const struct id *id)
{
	unsigned char bytes[ID_BYTES];

	id_bytes(id, bytes);
	array_put(b, bytes, sizeof(bytes));
}

void
array_put_int(struct buf *b, int32_t v)
{
	char bytes[4];

	set_int(bytes, (uint32_t)v);
	array_put(b, bytes, sizeof(bytes));
}

void
array_put_true(struct buf *b)
{
	array_put(b, "\1", 1);
}

void
array_put_time(struct buf *b, int64_t us)
{
	uint64_t v = (uint64_t)(us - EPOCH);
	char bytes[8];

	set_int(bytes, (uint32_t)(v >> 32));
	set_int(bytes + 4, (uint32_t)v);
	array_put(b, bytes, sizeof(bytes));
}

struct buf
array_first(const struct buf *b)
{
	struct buf first = { .data = NULL, .failed = b->failed };
	uint32_t len;

	if (b->failed)
		return first;
	len = get_int(b->data + HEAD);
	if (len != UINT32_MAX) {
		first.data = b->data + HEAD + 4;
		first.len = len;
	}
	return first;
}
