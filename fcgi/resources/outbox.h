/*
 * Messages and their deliveries: GET /outbox and GET /outbox/{id} show them,
 * POST /outbox/{id}/retry and POST /outbox/replay have them delivered again.
 */
#ifndef OUTBOX_H
#define OUTBOX_H

#include "request.h"

void outbox_list(const struct context *, const struct request *,
    const char *arg, struct response *);
void outbox_get(const struct context *, const struct request *, const char *id,
    struct response *);
void outbox_retry(const struct context *, const struct request *,
    const char *id, struct response *);
void outbox_replay(const struct context *, const struct request *,
    const char *arg, struct response *);

#endif
