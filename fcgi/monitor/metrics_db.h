/* The part of /metrics that is read from the database. */
#ifndef METRICS_DB_H
#define METRICS_DB_H

#include "request.h"

/* Takes half a second at most; without an answer smartcity_database_up is 0. */
void metrics_db(const struct context *, struct buf *out);

#endif
