#include "id.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uuid/uuid.h>

#include "clock.h"
#include "utf8.h"

enum {
	FRACTION_BITS = 12,
	FRACTIONS = 1 << FRACTION_BITS
};

/* Ids keep ascending if the clock is set back by up to this, as by NTP. */
#define STEP_MAX_MS 10000

uint64_t
id_tick(uint64_t last, int64_t wall_us)
{
	uint64_t us = (uint64_t)wall_us;
	uint64_t tick =
	    (us / 1000) << FRACTION_BITS | (us % 1000) * FRACTIONS / 1000;

	if (tick > last || last - tick > (uint64_t)STEP_MAX_MS << FRACTION_BITS)
		return tick;
	return last + 1;
}

/* The 48 + 12 bits of time in one number. */
static uint64_t
next_tick(void)
{
	static uint64_t last;

	last = id_tick(last, clock_wall_us());
	return last;
}

static void
put_tick(uuid_t u, uint64_t tick)
{
	uint64_t ms = tick >> FRACTION_BITS;
	int i;

	for (i = 5; i >= 0; i--, ms >>= 8)
		u[i] = (unsigned char)(ms & 0xff);
	u[6] = (unsigned char)(0x70 | ((tick >> 8) & 0x0f));
	u[7] = (unsigned char)(tick & 0xff);
}

struct id
id_new(void)
{
	struct id id;
	uuid_t u;

	/* Its variant bits are already those of RFC 9562. */
	uuid_generate_random(u);
	put_tick(u, next_tick());
	uuid_unparse_lower(u, id.text);
	return id;
}

struct id
id_floor(int64_t ms)
{
	struct id id;
	uuid_t u;

	memset(u, 0, sizeof(u));
	put_tick(u, (uint64_t)ms << FRACTION_BITS);
	u[6] = 0;
	uuid_unparse_lower(u, id.text);
	return id;
}

int64_t
id_ms(const struct id *id)
{
	char hex[13];

	snprintf(hex, sizeof(hex), "%.8s%.4s", id->text, id->text + 9);
	return (int64_t)strtoull(hex, NULL, 16);
}

static unsigned char
hex_digit(char c)
{
	return (unsigned char)(c <= '9' ? c - '0' : c - 'a' + 10);
}

void
id_bytes(const struct id *id, unsigned char out[ID_BYTES])
{
	const char *p = id->text;
	int i;

	for (i = 0; i < ID_BYTES; i++, p += 2) {
		if (*p == '-')
			p++;
		out[i] =
		    (unsigned char)(hex_digit(p[0]) << 4 | hex_digit(p[1]));
	}
}

struct id
id_hash(const char *bytes, size_t n)
{
	struct id id;
	uuid_t u;

	uuid_generate_sha1(u, *uuid_get_template("oid"), bytes, n);
	uuid_unparse_lower(u, id.text);
	return id;
}

void
id_shorten(struct buf *text, size_t max)
{
	struct id hash;
	size_t keep = 0, step;

	if (text->len <= max)
		return;
	hash = id_hash(text->data, text->len);
	while (
	    (step = utf8_sequence(text->data + keep, text->len - keep)) > 0 &&
	    keep + step <= max - ID_LEN - 1)
		keep += step;
	buf_cut(text, keep);
	buf_putc(text, '~');
	buf_puts(text, hash.text);
}

bool
id_parse(const char *text, struct id *out)
{
	uuid_t u;

	if (uuid_parse(text, u) != 0)
		return false;
	uuid_unparse_lower(u, out->text);
	return true;
}
