/*
 * The names of the objects that are open at one point of a scan, to find two
 * equal ones in the same object. A stack with a hash table over it: the object
 * that was opened last closes first, and then takes no room.
 */
#ifndef NAMES_H
#define NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "status.h"

/* Number of names that need no malloc(); there are twice as many slots. */
#define NAMES_FEW 32

struct name {
	const char *bytes; /* the caller's memory, with escapes decoded */
	size_t len;
	size_t slot;
	uint32_t hash;
	uint32_t level;
};

struct names {
	struct name *list; /* in the order of arrival */
	size_t count;
	size_t *slots; /* 1 + index in list, or 0 */
	size_t size;   /* number of slots, a power of two, twice list's */
	uint64_t key;
	struct name few[NAMES_FEW];
	size_t few_slots[2 * NAMES_FEW];
};

void names_init(struct names *);
void names_free(struct names *);

/* STATUS_REJECT: this level has the name already; STATUS_FAULT: no memory. */
enum status names_add(
    struct names *, unsigned level, const char *bytes, size_t len) MUST_CHECK;
/* Forgets all names except the first `count`. */
void names_drop(struct names *, size_t count);

#endif
