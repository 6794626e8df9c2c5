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
	int room, got;  /* of the current claim: its limit, and so far */
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

#define RECEIVERS_NEVER INT64_MIN /* for seen_ms: look at everything */

struct receivers {
	struct receiver *buckets[RECEIVER_BUCKETS];
	struct receiver *list;
	struct receiver *queued; /* those with parcels that wait */
	int64_t seen_ms; /* see lane.h; for all receivers not in the list */
};

void receivers_init(struct receivers *);
/* Found or made; NULL: out of memory. */
struct receiver *receiver_get(struct receivers *, const char *id);
/* Their queues must be empty. */
void receivers_free(struct receivers *);

/* How many of max places are left for receivers that are not quick. */
int receivers_left(const struct receivers *, int max);
/* Seconds to look back when nothing due was left at seen_ms. */
double receivers_back(int64_t seen_ms, int64_t now_ms);
/* The lanes for a claim, as sql/queries/outbox_claim.sql reads them. */
void receivers_put_lanes(
    struct receivers *, struct buf *, int left, int64_t now_ms, bool sweep);
/*
 * Call it after the claim, when `got` is set. A receiver that got fewer
 * deliveries than it had room for has none left due, unless the claim reached
 * its limit. If a sweep (a claim that looks at all due deliveries) left some,
 * the next claims are sweeps too. The result: whether more is due than was
 * claimed.
 */
bool receivers_seen(
    struct receivers *, int64_t now_ms, bool is_cut_off, bool sweep);

#endif
