/*
 * A lane is one receiver as this worker sees it: how many of its deliveries
 * are in hand, how many under way, and how many more may be claimed. Each has
 * its own, so that one that is slow or dead delays no other. Pure.
 */
#ifndef LANE_H
#define LANE_H

#include <stdbool.h>
#include <stdint.h>

struct lane {
	int max_in_flight; /* as its subscription says */
	int held;          /* claimed and not settled */
	int in_flight;     /* of these, under way */
	int failures;      /* in a row, and not settled yet */
	int64_t answer_ms; /* how long its receiver takes, lately; 0: unknown */
	int64_t seen_ms;   /* steady clock: nothing due was left then */
};

enum {
	/* What it may hold lasts it about so long. */
	LANE_AHEAD_MS = 500,
	LANE_AHEAD_MAX = 1000,
	LANE_FAILURES = 10 /* in a row open the circuit breaker */
};

/*
 * How many it may hold: as many as its receiver takes in LANE_AHEAD_MS, but
 * what is under way at least. Holding more would let a lease end on what
 * waits; holding less would let a fast receiver wait for the next claim.
 */
int lane_window(const struct lane *);
/* It is known to give its places back soon. */
bool lane_is_quick(const struct lane *);
/*
 * How many more may be claimed for it. One that is not quick gets them out of
 * `left`, which all of those share, but one in any case.
 */
int lane_room(const struct lane *, int left);
/*
 * Whether it may start one more, where `busy` of `max` are under way over all
 * lanes. Beyond half of them a lane gets one and no more, unless it is quick,
 * and the last eighth is for those alone: so receivers that hang cannot take
 * all the places there are.
 */
bool lane_may_start(const struct lane *, int busy, int max);
/* One was answered, and that took so long. */
void lane_answered(struct lane *, int64_t ms);
/* One failed by the receiver's fault: nothing is known of its pace now. */
void lane_failed(struct lane *);
/*
 * So many failed in a row that the circuit breaker will open: what waits is
 * given back rather than tried.
 */
bool lane_is_broken(const struct lane *);

#endif
