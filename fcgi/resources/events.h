/* GET /events, its filters, its two cursors, and GET /events/{id}. */
#ifndef EVENTS_H
#define EVENTS_H

#include "request.h"

void events_list(const struct context *, const struct request *,
    const char *arg, struct response *);
void events_get(const struct context *, const struct request *, const char *id,
    struct response *);
/* Lets nchan open the stream; without nchan answers with 501 and the reason. */
void events_stream(const struct context *, const struct request *,
    const char *arg, struct response *);

#endif
