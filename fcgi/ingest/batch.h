/* POST /ingest/{service}/batch: many events in one request. */
#ifndef BATCH_H
#define BATCH_H

#include "request.h"

enum {
	BATCH_EVENTS = 10000 /* most events of a batch */
};

void batch_post(const struct context *, const struct request *,
    const char *service, struct response *);

#endif
