/* GET /metrics: the scoreboard, and the outbox and workers as the database
 * knows them.
 */
#ifndef METRICS_H
#define METRICS_H

#include "request.h"

void metrics_get(const struct context *, const struct request *,
    const char *arg, struct response *);

#endif
