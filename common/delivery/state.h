/*
 * The states of deliveries, messages and circuit breakers, and their names in
 * SQL, in the API and in metrics. This list is the source; tests/db/db_states.c
 * compares it with the other lists (a constraint in SQL,
 * nginx/docs/openapi.json, and worker/README.md, which explains the states).
 */
#ifndef STATE_H
#define STATE_H

enum delivery_state {
	DELIVERY_PENDING,
	DELIVERY_DELIVERING,
	DELIVERY_RETRYING,
	DELIVERY_DELIVERED,
	DELIVERY_FAILED,
	DELIVERY_HELD, /* shown instead of pending and retrying, never stored */
	DELIVERY_EXPIRED,
	DELIVERY_STATES,
	/* Of a message without deliveries, because no subscription took it. */
	DELIVERY_UNCLAIMED = DELIVERY_STATES,
	MESSAGE_STATES
};

/* The names for messages, ended by NULL; deliveries have all but the last. */
extern const char *const delivery_state_names[MESSAGE_STATES + 1];

const char *delivery_state_name(enum delivery_state);
/* Also accepts the former name of a state; -1: name is no state, or NULL. */
int delivery_state_find(const char *name);

enum breaker_state {
	BREAKER_CLOSED,
	BREAKER_HALF_OPEN,
	BREAKER_OPEN,
	BREAKER_STATES
};

const char *breaker_state_name(enum breaker_state);
/* -1: no state, or NULL. */
int breaker_state_find(const char *name);

#endif
