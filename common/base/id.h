/*
 * UUIDv7 (RFC 9562): 48 bits of Unix milliseconds, 12 bits of the fraction of
 * the millisecond (method 3 of section 6.2), 62 random bits. The text of ids
 * sorts by time. id.c is the only user of libuuid.
 */
#ifndef ID_H
#define ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"

#define ID_LEN 36
#define ID_BYTES 16
#define ID_LAST "ffffffff-ffff-ffff-ffff-ffffffffffff"

struct id {
	char text[ID_LEN + 1]; /* lower case, NUL-terminated */
};

/*
 * Makes an id that is strictly greater than every id that this process made
 * before, also after the wall clock was set back by up to 10 seconds. If the
 * clock was set back by more, it had been wrong, and new ids follow it.
 */
struct id id_new(void);
/*
 * The time bits of an id made at wall_us, after an id with the time bits
 * `last`: milliseconds since 1970, then 12 bits with the fraction of a
 * millisecond.
 */
uint64_t id_tick(uint64_t last, int64_t wall_us);
/*
 * The smallest id of the millisecond ms; below every id made in it. Before 1970
 * it is the smallest id of all; beyond the 48 bits of an id's time, ID_LAST.
 */
struct id id_floor(int64_t ms);
/* The smaller and the greater of two ids, which is one of the arguments. */
const struct id *id_least(const struct id *, const struct id *);
const struct id *id_greatest(const struct id *, const struct id *);
/* When the id was made, in milliseconds since 1970. */
int64_t id_ms(const struct id *);
/* The 16 bytes of an id, as the database stores them. */
void id_bytes(const struct id *, unsigned char out[ID_BYTES]);
struct id id_of_bytes(const unsigned char[ID_BYTES]);
/* The name-based UUIDv5 of these bytes: equal for equal bytes. */
struct id id_hash(const char *, size_t);
/*
 * Cuts a text of more than max bytes between two characters, and ends it with
 * "~" and the hash of the whole. max is more than ID_LEN.
 */
void id_shorten(struct buf *, size_t max);
/* Accepts any case, but only the form with four hyphens; out is lower case. */
bool id_parse(const char *text, struct id *out);

#endif
