/* One event as JSON, from a row in PostgreSQL's binary formats. */
#ifndef EVENT_ROW_H
#define EVENT_ROW_H

#include "buf.h"
#include "id.h"
#include "query.h"

struct pg_result;

/*
 * Part of each ETag, since the same events must get another one when this
 * module writes them in another way: then count it up.
 */
#define EVENT_ROW_FORMAT "1"

/* Writes a row whose first columns are those of sql/queries/event_get.sql. */
void event_row_write(struct buf *, const struct pg_result *, int row);
struct id event_row_id(const struct pg_result *, int row);
/* Whether the page's statement left out the payload, because it is long. */
bool event_row_is_long(const struct pg_result *, int row);

/* Checks that another statement, such as EVENTS_FEED, has the same columns. */
#define EVENT_ROW_CHECK(x)                                                     \
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
