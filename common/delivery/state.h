/*
 * The states of deliveries, messages and circuit breakers, and their names in
 * SQL, in the API and in metrics. The names stand here alone; what else lists
 * them (a constraint in SQL, nginx/docs/openapi.json, worker/README.md, which
 * explains them) is compared with this by tests/db_states.c.
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
	/* Of a message that has no deliveries, since nobody had subscribed. */
	DELIVERY_UNCLAIMED = DELIVERY_STATES,
	MESSAGE_STATES
};

/* The names, ended by NULL: those of a message, the last one no delivery's. */
extern const char *const delivery_state_names[MESSAGE_STATES + 1];

const char *delivery_state_name(enum delivery_state);
/* Knows the old name of a state too; -1: it is none, or NULL. */
int delivery_state_find(const char *name);

enum breaker_state {
	BREAKER_CLOSED,
	BREAKER_HALF_OPEN,
	BREAKER_OPEN,
	BREAKER_STATES
};

const char *breaker_state_name(enum breaker_state);
/* -1: it is none, or NULL. */
int breaker_state_find(const char *name);

#endif
