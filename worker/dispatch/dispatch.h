/*
 * Delivery, from claim to settling: claims deliveries that are due, hands each
 * to a sink, no more at once than its receiver accepts, and settles the
 * outcomes in the database. It waits only for the database, never for a
 * receiver.
 */
#ifndef DISPATCH_H
#define DISPATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "db.h"
#include "net.h"

struct dispatch;

/*
 * Opens the sinks too. Config and net are kept by reference. STATUS_REJECT: a
 * setting is wrong; STATUS_FAULT: the system refused a resource; error has the
 * reason.
 */
enum status dispatch_open(struct dispatch **, const struct config *,
    const struct net *, char error[256]) MUST_CHECK;
/*
 * Ends the attempts under way, settles their outcomes and frees the dispatch;
 * NULL is fine. A delivery that cannot be settled is tried again when its lease
 * ends.
 */
void dispatch_close(struct dispatch *, struct db *);

/*
 * Begins, claims and settles the deliveries that are due now; returns the
 * milliseconds until it must be called again. Call it also whenever a sink or
 * the HTTP client has worked.
 */
int64_t dispatch_run(struct dispatch *, struct db *);
/* From now on claims nothing, and gives back the deliveries not begun. */
void dispatch_stop(struct dispatch *);
/* Whether no attempt is under way and every outcome is settled. */
bool dispatch_is_idle(const struct dispatch *);

#endif
