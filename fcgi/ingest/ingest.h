/* POST /ingest/{service}: checks the request, stores its event, answers. */
#ifndef INGEST_H
#define INGEST_H

#include "request.h"

void ingest_post(const struct context *, const struct request *,
    const char *service, struct response *);

/*
 * The same in two steps, so that the events of several requests can be stored
 * in one transaction. The request and its response must last until the end.
 */

/* Reads and checks the event. NULL: no memory. */
struct ingest *ingest_begin(const struct request *, struct response *);
/*
 * Whether its event is plain, as most are: it waits neither for a key nor for
 * an incident that another request holds.
 */
bool ingest_is_shared(const struct ingest *);
/* Stores one event or several shared ones, answers, and frees the list's. */
void ingest_finish(
    const struct context *, struct ingest *const list[], size_t n);

#endif
