/* GET /rejected and GET /rejected/{id}: what failed its schema, and why. */
#ifndef REJECTED_H
#define REJECTED_H

#include "request.h"

void rejected_list(const struct context *, const struct request *,
    const char *arg, struct response *);
void rejected_get(const struct context *, const struct request *,
    const char *id, struct response *);

#endif
