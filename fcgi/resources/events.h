/* GET /events, its filters, its two cursors, and GET /events/{id}. */
#ifndef EVENTS_H
#define EVENTS_H

#include "request.h"

struct pg_result;

void events_list(const struct context *, const struct request *,
    const char *arg, struct response *);
void events_get(const struct context *, const struct request *, const char *id,
    struct response *);
/* 501, with the reason. */
void events_stream(const struct context *, const struct request *,
    const char *arg, struct response *);

/* A row whose first columns are those of sql/queries/event_get.sql, as JSON. */
void events_write(struct buf *, const struct pg_result *, int row);

#endif
