/* GET /health: the process answers. GET /ready: can it work, or why not? */
#ifndef HEALTH_H
#define HEALTH_H

#include "request.h"

void health_get(const struct context *, const struct request *, const char *arg,
    struct response *);
void ready_get(const struct context *, const struct request *, const char *arg,
    struct response *);

#endif
