/*
 * Random JSON texts from a seed, some of them made invalid, and numbers at the
 * limits.
 */
#ifndef RANDOM_JSON_H
#define RANDOM_JSON_H

#include "t.h"

#include "buf.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

enum {
	MAX_TEXT = 4096
};

extern uint64_t random_json_state;

void random_json_text(struct buf *b);

/* Numbers near the range of a double, with long zeros, with many digits. */
void random_json_number(struct buf *b);

#endif
