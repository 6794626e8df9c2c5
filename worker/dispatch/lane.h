/*
 * A lane holds the figures of one receiver in this worker: how many of its
 * deliveries are claimed, how many are being sent, and how many more can be
 * claimed. With a lane each, a receiver that is slow or dead delays no other.
 * Pure: no clock, no I/O.
 */
#ifndef LANE_H
#define LANE_H

#include <stdbool.h>
#include <stdint.h>

struct lane {
	int max_in_flight; /* limit of its subscription */
	int held;          /* deliveries claimed and not settled yet */
	int in_flight;     /* held deliveries that are being sent */
	int failures;      /* failures in a row, not settled yet */
	int64_t answer_ms; /* recent mean time of an answer; 0: unknown */
	int64_t seen_ms;   /* when no delivery was left due; steady clock */
};

enum {
	/* A lane holds the deliveries that its receiver takes in this time. */
	LANE_AHEAD_MS = 500,
	LANE_AHEAD_MAX = 1000, /* but at most this number of deliveries */
	LANE_FAILURES = 10 /* failures in a row that open the circuit breaker */
};

/*
 * How many deliveries the lane can hold: as many as its receiver takes in
 * LANE_AHEAD_MS, at most LANE_AHEAD_MAX, but at least max_in_flight. With more,
 * leases would end while deliveries wait here; with fewer, a fast receiver
 * would wait for the next claim.
 */
int lane_window(const struct lane *);
/* Whether its receiver answers within LANE_AHEAD_MS on average. */
bool lane_is_quick(const struct lane *);
/*
 * How many more deliveries can be claimed for the lane. Lanes that are not
 * quick share the places `left`, but a lane that holds no delivery gets at
 * least one.
 */
int lane_room(const struct lane *, int left);
/*
 * Whether the lane can start one more attempt, if all lanes together are making
 * `busy` of at most `max` attempts. Once half of the places are taken, a lane
 * that is not quick gets one place at most, and the last eighth of the places
 * is only for quick lanes. So receivers that hang cannot take all the places.
 */
bool lane_may_start(const struct lane *, int busy, int max);
/* A receiver answered an attempt after `ms` milliseconds. */
void lane_answered(struct lane *, int64_t ms);
/* A receiver failed an attempt; its speed is unknown again. */
void lane_failed(struct lane *);
/*
 * Whether so many attempts failed in a row that the circuit breaker will open.
 * The lane's waiting parcels are then given back, not tried.
 */
bool lane_is_broken(const struct lane *);

#endif
