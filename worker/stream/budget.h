/* A token bucket; pure, so that tests need no clock. */
#ifndef BUDGET_H
#define BUDGET_H

#include <stdint.h>

struct budget {
	int64_t rate; /* bytes a second; the bucket holds one second's */
	int64_t left; /* can be below 0, since the cost is known afterwards */
	int64_t at_ms;
};

/* Full at the start. */
void budget_open(struct budget *, int64_t rate, int64_t now_ms);
/* Bytes that a message to so many viewers (at least 1) can have. */
int64_t budget_room(struct budget *, int receivers, int64_t now_ms);
/* Subtracts what the message cost, once its viewers were counted. */
void budget_spend(struct budget *, int64_t bytes, int receivers);

#endif
