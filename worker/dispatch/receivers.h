/*
 * The receivers that this worker has met, each with its lane and the queue of
 * its parcels that wait to begin.
 */
#ifndef RECEIVERS_H
#define RECEIVERS_H

#include "buf.h"
#include "lane.h"

struct parcel;

/* One subscription; kept for the life of the worker. */
struct receiver {
	char id[37];
	struct lane lane;
	int room, got;  /* deliveries of the current claim: limit, taken */
	int unsettled;  /* outcomes not settled yet; lane.held includes them */
	bool is_queued; /* in receivers->queued */
	struct parcel *first, **last;
	struct receiver *next;        /* in its bucket */
	struct receiver *next_of_all; /* in receivers->list */
	struct receiver *next_queued;
};

enum {
	RECEIVER_BUCKETS = 256
};

#define RECEIVERS_NEVER INT64_MIN /* as seen_ms: look at all due deliveries */

struct receivers {
	struct receiver *buckets[RECEIVER_BUCKETS];
	struct receiver *list;
	struct receiver *queued; /* receivers with waiting parcels */
	int64_t seen_ms; /* see lane.h; for all receivers not in the list */
};

void receivers_init(struct receivers *);
/* Finds or makes the receiver; NULL: out of memory. */
struct receiver *receiver_get(struct receivers *, const char *id);
/* Their queues must be empty. */
void receivers_free(struct receivers *);

/* How many of max places are left for receivers that are not quick. */
int receivers_left(const struct receivers *, int max);
/* How many seconds a claim looks back if nothing due was left at seen_ms. */
double receivers_back(int64_t seen_ms, int64_t now_ms);
/* Writes the lanes for a claim, as sql/queries/outbox_claim.sql reads them. */
void receivers_put_lanes(
    struct receivers *, struct buf *, int left, int64_t now_ms, bool sweep);
/*
 * Call it after the claim, when `got` is set; is_cut_off: the claim reached its
 * limit. Otherwise a receiver that got fewer deliveries than it had room for
 * has none left due. If a sweep (a claim that looks at all due deliveries) left
 * some to a receiver, the next claims look at all its deliveries too. Returns
 * whether more can be due than was claimed.
 */
bool receivers_seen(
    struct receivers *, int64_t now_ms, bool is_cut_off, bool sweep);

#endif
