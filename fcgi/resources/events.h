/* GET /events, its filters, its two cursors, and GET /events/{id}. */
#ifndef EVENTS_H
#define EVENTS_H

#include "query.h"
#include "request.h"

struct pg_result;

void events_list(const struct context *, const struct request *,
    const char *arg, struct response *);
void events_get(const struct context *, const struct request *, const char *id,
    struct response *);
/* Lets nchan open the stream; without nchan answers with 501 and the reason. */
void events_stream(const struct context *, const struct request *,
    const char *arg, struct response *);

/* Writes a row whose first columns are those of sql/queries/event_get.sql. */
void events_write(struct buf *, const struct pg_result *, int row);
/* Checks that another statement, such as EVENTS_FEED, has the same columns. */
#define EVENTS_WRITE_CHECK(x)                                                  \
	_Static_assert((int)x##_ID == EVENT_GET_ID &&                          \
		(int)x##_SERVICE == EVENT_GET_SERVICE &&                       \
		(int)x##_TIMESTAMP == EVENT_GET_TIMESTAMP &&                   \
		(int)x##_PAYLOAD == EVENT_GET_PAYLOAD &&                       \
		(int)x##_NORMALIZED_PAYLOAD == EVENT_GET_NORMALIZED_PAYLOAD && \
		(int)x##_DEDUPLICATION_KEY == EVENT_GET_DEDUPLICATION_KEY &&   \
		(int)x##_SOURCE_EVENT_ID == EVENT_GET_SOURCE_EVENT_ID &&       \
		(int)x##_CREATED_AT == EVENT_GET_CREATED_AT,                   \
	    "the first columns of " #x " are not those of EVENT_GET")

#endif
