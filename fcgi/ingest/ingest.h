/* POST /ingest/{service}: checks the request, stores its event, answers. */
#ifndef INGEST_H
#define INGEST_H

#include "request.h"

void ingest_post(const struct context *, const struct request *,
    const char *service, struct response *);
/*
 * Handles n such requests at once. Events without keys and findings, as most
 * are, are stored in one transaction; each of the others in its own, so that
 * none waits for a key or an incident that another request holds.
 */
request_handler_of_many ingest_post_many;

#endif
