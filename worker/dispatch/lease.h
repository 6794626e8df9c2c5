/*
 * The outbox as this worker sees it: claim deliveries under a lease, settle
 * them. A claim is committed before anything is sent, and it counts the
 * attempt; what is never settled comes up again when its lease ends.
 */
#ifndef LEASE_H
#define LEASE_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "db.h"
#include "message.h"
#include "outcome.h"
#include "state.h"

struct claim {
	const char *lanes; /* JSON, see sql/queries/outbox_claim.sql */
	double back;       /* seconds; negative: look at everything */
	int lease_seconds; /* by the database's clock */
	int max_attempts;
	int limit;
	int lane_limit; /* of receivers that are not in lanes */
};

/* A row of a claim; all strings belong to the batch. */
struct claimed {
	struct message message;
	const char *subscription_id;
	const char *description; /* or NULL */
	/* DELIVERING, or what it became while it waited: it is not sent. */
	enum delivery_state state;
	int attempt;
	int attempts; /* of these, since the last replay */
	const char *url, *secret, *old_secret;
	const char *credentials, *headers; /* see message.h */
	const char *retry_schedule;        /* or NULL */
	int max_in_flight;
	const char *lease; /* its end, as settling must say it */
};

/*
 * On STATUS_OK *batch holds deliveries that are this worker's until the lease
 * ends; the caller frees it with pg_free.
 */
enum status lease_claim(
    struct db *, const struct claim *, struct pg_result **batch) MUST_CHECK;
struct claimed lease_row(const struct pg_result *batch, int row);

/* Adds one to those that lease_settle will tell. */
void lease_add(
    struct buf *outcomes, const struct attempt *, const struct outcome *);
/*
 * Tells them in one statement; *settled, which the caller frees with pg_free,
 * is what came of it. now_ms: the steady clock. Unless OK the buffer is as it
 * was: telling again may help.
 */
enum status lease_settle(struct db *, struct buf *outcomes, int64_t now_ms,
    struct pg_result **settled) MUST_CHECK;
/* How many took effect: not those whose lease ended and was claimed anew. */
int lease_settled(const struct pg_result *settled);

/* Why a subscription's deliveries wait, whatever their schedule says. */
enum hold {
	HOLD_NOT,
	HOLD_OPEN, /* its circuit breaker */
	HOLD_PAUSED,
	HOLD_DISABLED,
	HOLD_DELETED
};

/* A subscription to which not all that was settled had been delivered. */
struct judged {
	const char *subscription_id, *description, *url;
	enum hold hold;
	int open_seconds;      /* until it is tried again, where HOLD_OPEN */
	int failures;          /* in a row */
	bool opened, disabled; /* by these outcomes */
};

/* The next one from *row on, which starts as 0; false: there are no more. */
bool lease_judged(const struct pg_result *settled, int *row, struct judged *);

#endif
