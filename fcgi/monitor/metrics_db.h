/* The part of /metrics that is read from the database. */
#ifndef METRICS_DB_H
#define METRICS_DB_H

#include "request.h"

/*
 * Waits half a second for each of two statements; without an answer
 * smartcity_database_up is 0.
 */
void metrics_db(const struct context *, struct buf *out);

#endif
