/*
 * What this worker has in hand: parcels, each one attempt that was claimed, in
 * a queue for each receiver until it may begin.
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
	struct attempt attempt; /* first: a sink gives back its address */
	struct dispatch *dispatch;
	struct receiver *receiver;
	struct batch *batch;
	struct buf body;
	const char *schedule; /* the receiver's own, or NULL */
	int attempts;         /* since the last replay, with this one */
	int64_t lease_end_ms, began_ms;
	struct parcel *next;
};

/*
 * Takes over the rows of a claim; NULL: out of memory, then they are freed. Its
 * parcels are zeroed; each that is put to use counts in `left`, which the
 * caller holds one of until it calls batch_release.
 */
struct batch *batch_new(struct pg_result *rows);
void batch_release(struct batch *);

/* From a row of its batch. */
void parcel_fill(struct parcel *, struct batch *, const struct claimed *);
void parcel_free(struct parcel *);

/* In the queue of parcel->receiver. */
void parcel_push(struct receivers *, struct parcel *);
struct parcel *parcel_pop(struct receiver *);

#endif
