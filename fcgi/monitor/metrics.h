/* GET /metrics: the scoreboard; outbox and workers, from the database. */
#ifndef METRICS_H
#define METRICS_H

#include "request.h"

void metrics_get(const struct context *, const struct request *,
    const char *arg, struct response *);

#endif
