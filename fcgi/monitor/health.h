/* GET /health: the process lives. GET /ready: all it needs is there. */
#ifndef HEALTH_H
#define HEALTH_H

#include "request.h"

void health_get(const struct context *, const struct request *, const char *arg,
    struct response *);
void ready_get(const struct context *, const struct request *, const char *arg,
    struct response *);

#endif
