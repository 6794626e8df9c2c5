/*
 * The outbox as this worker sees it: claim a batch under a lease, settle it.
 * A claim is committed before anything is sent, and it counts the attempt; a
 * message whose outcome is never settled comes up again when its lease ends.
 */
#ifndef OUTBOX_H
#define OUTBOX_H

#include <stdint.h>

#include "buf.h"
#include "db.h"
#include "message.h"

struct claim {
	int size;          /* messages at most */
	int lease_seconds; /* by the database's clock */
	int max_attempts;
};

/*
 * On STATUS_OK *batch holds 0 to size messages that are this worker's until
 * the lease ends; the caller frees it with db_result_free.
 */
enum status outbox_claim(
    struct db *, const struct claim *, struct pg_result **batch) MUST_CHECK;
/* Valid as long as the batch is. */
struct message outbox_message(const struct pg_result *batch, int row);

/* Each adds one message's outcome to those that outbox_settle will tell. */
void outbox_sent(struct buf *outcomes, const struct message *);
void outbox_later(struct buf *outcomes, const struct message *,
    int64_t delay_ms, const char *error);
void outbox_failed(
    struct buf *outcomes, const struct message *, const char *error);

/*
 * Tells the outcomes in one statement and empties the buffer. *settled, if not
 * NULL, is how many took effect: not those whose lease had ended and that were
 * claimed anew. On failure nothing is lost: their leases end.
 */
enum status outbox_settle(
    struct db *, struct buf *outcomes, int *settled) MUST_CHECK;

/*
 * Fails the messages whose last attempt ended without an outcome; at most 1000
 * at once, *buried tells how many.
 */
enum status outbox_bury(struct db *, int max_attempts, int *buried) MUST_CHECK;

#endif
