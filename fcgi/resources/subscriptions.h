/* The receivers of events: POST, GET, PATCH, DELETE /subscriptions. */
#ifndef SUBSCRIPTIONS_H
#define SUBSCRIPTIONS_H

#include "request.h"

void subscriptions_post(const struct context *, const struct request *,
    const char *arg, struct response *);
void subscriptions_list(const struct context *, const struct request *,
    const char *arg, struct response *);
void subscriptions_get(const struct context *, const struct request *,
    const char *id, struct response *);
void subscriptions_patch(const struct context *, const struct request *,
    const char *id, struct response *);
void subscriptions_delete(const struct context *, const struct request *,
    const char *id, struct response *);
/* POST /subscriptions/{id}/secret/rotate and /subscriptions/{id}/test */
void subscriptions_rotate(const struct context *, const struct request *,
    const char *id, struct response *);
void subscriptions_test(const struct context *, const struct request *,
    const char *id, struct response *);

#endif
