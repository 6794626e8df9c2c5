/*
 * The log's lines about attempts: said once their outcome is settled, when it
 * is known what really comes next.
 */
#ifndef REPORT_H
#define REPORT_H

#include "parcel.h"

/* At once: nothing that is settled later changes it. */
void report_delivered(const struct parcel *);
/*
 * The subscriptions that were disabled or whose breaker opened, then each of
 * the parcels, from the first to the last, none of which was delivered.
 * settled: lease_settle's, or NULL where the database could not be told.
 */
void report_failed(const struct parcel *first, const struct pg_result *settled);

#endif
