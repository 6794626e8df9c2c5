#include "names.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

/* A Mersenne prime, so that a remainder is an addition. */
#define PRIME ((UINT64_C(1) << 61) - 1)

void
names_init(struct names *n)
{
	n->list = n->few;
	n->count = 0;
	n->slots = n->few_slots;
	n->size = 2 * NAMES_FEW;
	memset(n->few_slots, 0, sizeof(n->few_slots));
	/* Random bytes of the kernel, without a system call or state. */
	memcpy(&n->key, (const void *)getauxval(AT_RANDOM), sizeof(n->key));
	n->key %= PRIME;
}

void
names_free(struct names *n)
{
	if (n->list != n->few)
		free(n->list);
	if (n->slots != n->few_slots)
		free(n->slots);
}

static uint64_t
multiply(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)(product & PRIME) + (uint64_t)(product >> 61);
}

/*
 * The name as a polynomial over the field of PRIME, at a secret point: two
 * names of n words collide at n of 2^61 points, so a sender cannot find such
 * names.
 */
static uint32_t
hash(uint64_t key, unsigned level, const char *bytes, size_t len)
{
	uint64_t h = level + 1, word;
	size_t take;

	h = multiply(h, key) + len;
	for (; len > 0; bytes += take, len -= take) {
		take = len < 7 ? len : 7;
		word = 0;
		memcpy(&word, bytes, take);
		h = multiply(h % PRIME, key) + word;
	}
	h = multiply(h % PRIME, key) % PRIME;
	return (uint32_t)(h ^ h >> 32);
}

static void
place(struct names *n, size_t index)
{
	struct name *name = &n->list[index];
	size_t slot = name->hash & (n->size - 1);

	while (n->slots[slot] != 0)
		slot = (slot + 1) & (n->size - 1);
	n->slots[slot] = index + 1;
	name->slot = slot;
}

/*
 * Puts the names into new slots in the order of their arrival, so that
 * names_drop() breaks no probe chain.
 */
static bool
grow(struct names *n)
{
	size_t size = n->size * 2, i;
	struct name *list;
	size_t *slots;

	slots = calloc(size, sizeof(*slots));
	list = malloc(size / 2 * sizeof(*list));
	if (slots == NULL || list == NULL) {
		free(slots);
		free(list);
		return false;
	}
	memcpy(list, n->list, n->count * sizeof(*list));
	names_free(n);
	n->list = list;
	n->slots = slots;
	n->size = size;
	for (i = 0; i < n->count; i++)
		place(n, i);
	return true;
}

static bool
is_equal(const struct name *a, const struct name *b)
{
	return a->hash == b->hash && a->level == b->level && a->len == b->len &&
	    memcmp(a->bytes, b->bytes, a->len) == 0;
}

enum status
names_add(struct names *n, unsigned level, const char *bytes, size_t len)
{
	struct name name = { .bytes = bytes, .len = len, .level = level };
	size_t slot;

	name.hash = hash(n->key, level, bytes, len);
	for (slot = name.hash & (n->size - 1); n->slots[slot] != 0;
	     slot = (slot + 1) & (n->size - 1))
		if (is_equal(&n->list[n->slots[slot] - 1], &name))
			return STATUS_REJECT;
	if (n->count == n->size / 2 && !grow(n))
		return STATUS_FAULT;
	n->list[n->count] = name;
	place(n, n->count++);
	return STATUS_OK;
}

void
names_drop(struct names *n, size_t count)
{
	while (n->count > count)
		n->slots[n->list[--n->count].slot] = 0;
}
