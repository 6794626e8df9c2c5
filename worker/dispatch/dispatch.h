/*
 * The heart of the worker: claims deliveries, hands them to sinks, as many at
 * once as each receiver may get, and settles what became of them. Never waits
 * for a receiver; only the database is waited for.
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
 * setting is wrong.
 */
enum status dispatch_open(struct dispatch **, const struct config *,
    const struct net *, char error[256]) MUST_CHECK;
/*
 * Ends what is still under way, tells the outcomes and frees it; NULL is fine.
 * What cannot be told comes up again when its lease ends.
 */
void dispatch_close(struct dispatch *, struct db *);

/*
 * Does what is due now; returns the milliseconds until something is again.
 * To be called too after any sink worked.
 */
int64_t dispatch_run(struct dispatch *, struct db *);
/* Claims no more, and gives back what was not begun. */
void dispatch_stop(struct dispatch *);
/* Nothing is under way and every outcome was told. */
bool dispatch_is_idle(const struct dispatch *);

#endif
