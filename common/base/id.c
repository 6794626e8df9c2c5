#include "id.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <uuid/uuid.h>

#include "clock.h"
#include "utf8.h"

enum {
	FRACTION_BITS = 12,
	FRACTIONS = 1 << FRACTION_BITS,
	RANDOM = 8,     /* the last bytes of an id */
	DRAWN = 256,    /* random bytes taken from the kernel at once */
	TIME_BYTES = 6, /* milliseconds */
	VARIANT = 0x80, /* of RFC 9562: the upper two bits of the ninth byte */
	NO_VARIANT = 0x3f
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

/* Bytes that were drawn and are in no id yet. */
static size_t unused;

/* A child process must not make the ids that its parent makes. */
static void
forget(void)
{
	unused = 0;
}

/* Draws for many ids at once, which saves a system call for each of them. */
static void
put_random(uuid_t u)
{
	static unsigned char drawn[DRAWN];
	static bool forgets;

	if (unused == 0) {
		forgets = forgets || pthread_atfork(NULL, NULL, forget) == 0;
		unused = forgets ? DRAWN : RANDOM;
		arc4random_buf(drawn, unused);
	}
	unused -= RANDOM;
	memcpy(u + sizeof(uuid_t) - RANDOM, drawn + unused, RANDOM);
	u[8] = (unsigned char)(VARIANT | (u[8] & NO_VARIANT));
}

struct id
id_new(void)
{
	struct id id;
	uuid_t u;

	put_tick(u, next_tick());
	put_random(u);
	uuid_unparse_lower(u, id.text);
	return id;
}

struct id
id_floor(int64_t ms)
{
	static const struct id last = { ID_LAST };
	struct id id;
	uuid_t u;

	if (ms >> (8 * TIME_BYTES) > 0)
		return last;
	memset(u, 0, sizeof(u));
	put_tick(u, (uint64_t)(ms > 0 ? ms : 0) << FRACTION_BITS);
	u[6] = 0;
	uuid_unparse_lower(u, id.text);
	return id;
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
id_of_bytes(const unsigned char bytes[ID_BYTES])
{
	struct id id;

	uuid_unparse_lower(bytes, id.text);
	return id;
}

const struct id *
id_least(const struct id *a, const struct id *b)
{
	return strcmp(a->text, b->text) < 0 ? a : b;
}

const struct id *
id_greatest(const struct id *a, const struct id *b)
{
	return strcmp(a->text, b->text) < 0 ? b : a;
}

int64_t
id_ms(const struct id *id)
{
	unsigned char bytes[ID_BYTES];
	int64_t ms = 0;
	int i;

	id_bytes(id, bytes);
	for (i = 0; i < TIME_BYTES; i++)
		ms = ms << 8 | bytes[i];
	return ms;
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
