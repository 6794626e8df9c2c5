/* A token bucket; pure, so that tests need no clock. */
#ifndef BUDGET_H
#define BUDGET_H

#include <stdint.h>

struct budget {
	int64_t
	    rate; /* bytes a second; never more than one second's are saved */
	int64_t left; /* below 0: more was spent than there was */
	int64_t at_ms;
};

/* Full at the start. */
void budget_open(struct budget *, int64_t rate, int64_t now_ms);
/* How long a message to so many may be; a receiver counts where none does. */
int64_t budget_room(struct budget *, int receivers, int64_t now_ms);
/* What it did cost, once that is known. */
void budget_spend(struct budget *, int64_t bytes, int receivers);

#endif
