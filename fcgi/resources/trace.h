/* GET /events/{id}/trace: event -> derived events -> messages -> attempts. */
#ifndef TRACE_H
#define TRACE_H

#include "request.h"

void trace_get(const struct context *, const struct request *, const char *id,
    struct response *);

#endif
