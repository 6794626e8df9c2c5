/* POST /ingest/{service}: checks the request, stores its event, answers. */
#ifndef INGEST_H
#define INGEST_H

#include "request.h"

void ingest_post(const struct context *, const struct request *,
    const char *service, struct response *);

#endif
