/* Routes are rows; 404, 405, OPTIONS and HEAD fall out of the table. */
#ifndef ROUTE_H
#define ROUTE_H

#include "request.h"

/* Always fills the response; the caller frees its two buffers. */
void route_handle(
    const struct context *, const struct request *, struct response *);

#endif
