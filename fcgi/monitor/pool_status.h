/* GET /status: the pool, with the names of php-fpm's status page. */
#ifndef POOL_STATUS_H
#define POOL_STATUS_H

#include "request.h"

/* Text, or JSON with ?json; ?full adds the processes. */
void status_get(const struct context *, const struct request *, const char *arg,
    struct response *);

#endif
