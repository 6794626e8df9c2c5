/*
 * The log's lines about attempts. They are written once the outcome is settled,
 * because only then the delivery's next step is known.
 */
#ifndef REPORT_H
#define REPORT_H

#include "parcel.h"

/* Can be called before settling, on which this line does not depend. */
void report_delivered(const struct parcel *);
/*
 * Logs the subscriptions that were disabled or whose breaker opened, then each
 * of the parcels in the list, all of which failed. settled: lease_settle's
 * result, or NULL if the outcomes could not be settled.
 */
void report_failed(const struct parcel *first, const struct pg_result *settled);

#endif
