/* A token bucket; pure, so that tests need no clock. */
#ifndef BUDGET_H
#define BUDGET_H

#include <stdint.h>

struct budget {
	int64_t rate; /* bytes a second; the bucket holds as many */
	int64_t left; /* bytes; below 0 if a message cost more than was left */
	int64_t at_ms;
};

/* Opens a full bucket. */
void budget_open(struct budget *, int64_t rate, int64_t now_ms);
/* How many bytes a message to `receivers` viewers (at least 1) can have. */
int64_t budget_room(struct budget *, int receivers, int64_t now_ms);
/* Subtracts what the message cost, once its viewers were counted. */
void budget_spend(struct budget *, int64_t bytes, int receivers);

#endif
