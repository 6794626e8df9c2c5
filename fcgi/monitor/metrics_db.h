/* The part of /metrics that the database knows. */
#ifndef METRICS_DB_H
#define METRICS_DB_H

#include "request.h"

/* Within half a second; without an answer smartcity_database_up is 0. */
void metrics_db(const struct context *, struct buf *out);

#endif
