/*
 * The statements that claim deliveries and settle them. A claim gives this
 * worker a lease, counts the attempt, and is committed before anything is sent.
 * When a worker dies and never settles a delivery, another worker claims it
 * once the lease has ended.
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
	double back; /* a lane without its own `back`: only deliveries that came
			due in the last `back` seconds; negative: all */
	int lease_seconds; /* length, by the database's clock */
	int max_attempts;
	int limit;
	int lane_limit; /* limit for each receiver not in lanes */
};

/* A row of a claim; all strings belong to the batch. */
struct claimed {
	struct message message;
	const char *subscription_id;
	const char *description; /* or NULL */
	/*
	 * DELIVERY_DELIVERING; or DELIVERY_FAILED or _EXPIRED: the claim has
	 * ended this delivery, because no attempt or no time was left. Do not
	 * send it.
	 */
	enum delivery_state state;
	int attempt;
	int attempts; /* number since the last replay, with this one */
	const char *url, *secret, *old_secret;
	const char *credentials, *headers; /* see message.h */
	const char *retry_schedule;        /* or NULL */
	int max_in_flight;
	const char *lease; /* end of the lease, as text for struct attempt */
};

/*
 * On STATUS_OK *batch holds deliveries that no other worker gets until the
 * lease ends; the caller frees it with pg_free.
 */
enum status lease_claim(
    struct db *, const struct claim *, struct pg_result **batch) MUST_CHECK;
struct claimed lease_row(const struct pg_result *batch, int row);

/* Adds an outcome to those that lease_settle() will send. */
void lease_add(
    struct buf *outcomes, const struct attempt *, const struct outcome *);
/*
 * Sends the outcomes in one statement. *settled is its result; the caller frees
 * it with pg_free. now_ms: the steady clock. On an error the buffer is
 * unchanged, so that the same outcomes can be sent again.
 */
enum status lease_settle(struct db *, struct buf *outcomes, int64_t now_ms,
    struct pg_result **settled) MUST_CHECK;
/*
 * How many outcomes changed their delivery. If the lease had ended and the
 * delivery was claimed by another worker, the outcome is only added to the
 * history of attempts.
 */
int lease_settled(const struct pg_result *settled);

/* Why all deliveries of a subscription wait, whatever their schedule says. */
enum hold {
	HOLD_NOT,
	HOLD_OPEN, /* its circuit breaker is open */
	HOLD_PAUSED,
	HOLD_DISABLED,
	HOLD_DELETED
};

/* A subscription that has a failed attempt among the settled outcomes. */
struct judged {
	const char *subscription_id, *description, *url;
	enum hold hold;
	int open_seconds; /* until the receiver is tried again, if HOLD_OPEN */
	int failures;     /* number of failures in a row */
	bool opened, disabled; /* whether these outcomes did it */
};

/* Reads the next of them and advances *row, at first 0; false: no more. */
bool lease_judged(const struct pg_result *settled, int *row, struct judged *);

#endif
