/*
 * The deliveries that this worker has claimed. Each becomes a parcel: one
 * attempt, which waits in its receiver's queue until it can begin.
 */
#ifndef PARCEL_H
#define PARCEL_H

#include "lease.h"
#include "receivers.h"

struct dispatch;

/* The rows of a claim, freed with the last of their parcels. */
struct batch {
	struct pg_result *rows;
	int left;
	struct parcel *parcels;
};

struct parcel {
	struct attempt attempt; /* first, because done() casts its address */
	struct dispatch *dispatch;
	struct receiver *receiver;
	struct batch *batch;
	struct buf body;
	const char *schedule; /* the subscription's retry schedule, or NULL */
	int attempts;         /* number since the last replay, with this one */
	int64_t lease_end_ms, began_ms;
	struct outcome outcome;
	struct parcel *next;
};

/*
 * Takes over the rows of a claim. Each row becomes a parcel, a copy of `like`,
 * in the queue of its receiver; a delivery that the claim has ended is only
 * logged. lane_limit is the limit that the claim had for receivers new to this
 * worker. A row for which memory is lacking is claimed again when its lease
 * ends.
 */
void parcels_take(struct receivers *, struct pg_result *rows,
    const struct parcel *like, int lane_limit);
/* Also frees its batch, if this is the last parcel of the batch. */
void parcel_free(struct parcel *);

/* Takes the first parcel out of the queue, which must not be empty. */
struct parcel *parcel_pop(struct receiver *);

#endif
