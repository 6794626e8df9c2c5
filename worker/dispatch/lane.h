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
	int max_in_flight; /* as its subscription says */
	int held;          /* claimed and not settled */
	int in_flight;     /* of these, being sent */
	int failures;      /* in a row, among outcomes not settled yet */
	int64_t answer_ms; /* recent mean time of an answer; 0: unknown */
	int64_t seen_ms;   /* steady clock: no delivery was left due then */
};

enum {
	/* It holds as many deliveries as its receiver takes in this time. */
	LANE_AHEAD_MS = 500,
	LANE_AHEAD_MAX = 1000, /* deliveries */
	LANE_FAILURES = 10     /* in a row, which open the circuit breaker */
};

/*
 * How many deliveries it can hold: as many as its receiver takes in
 * LANE_AHEAD_MS, and at least max_in_flight. With more, leases would end while
 * deliveries wait here; with fewer, a fast receiver would wait for the next
 * claim.
 */
int lane_window(const struct lane *);
/* Whether its receiver answers within LANE_AHEAD_MS on average. */
bool lane_is_quick(const struct lane *);
/*
 * How many more can be claimed for it. Lanes that are not quick share the
 * places `left`, but one that holds no delivery gets at least one.
 */
int lane_room(const struct lane *, int left);
/*
 * Whether it can start one more attempt, where `busy` of `max` are being made
 * over all lanes. Once half of the places are taken, a lane that is not quick
 * gets one place at most, and the last eighth of the places is for quick lanes
 * alone. So receivers that hang cannot take all the places.
 */
bool lane_may_start(const struct lane *, int busy, int max);
/* A receiver answered an attempt after so many milliseconds. */
void lane_answered(struct lane *, int64_t ms);
/* An attempt failed by the receiver's fault, so its speed is unknown again. */
void lane_failed(struct lane *);
/*
 * Whether so many attempts failed in a row that the circuit breaker will open.
 * Its waiting parcels are then given back rather than tried.
 */
bool lane_is_broken(const struct lane *);

#endif
