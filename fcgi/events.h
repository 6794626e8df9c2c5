/* GET /events, its filters, its two cursors, and GET /events/{id}. */
#ifndef EVENTS_H
#define EVENTS_H

#include "request.h"

void events_list(const struct context *, const struct request *,
    const char *arg, struct response *);
void events_get(const struct context *, const struct request *, const char *id,
    struct response *);

#endif
