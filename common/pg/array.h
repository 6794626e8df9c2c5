/*
 * Arrays in PostgreSQL's binary format, as parameters of db_run_binary(). They
 * need no quoting, and the server reads them faster than their text.
 */
#ifndef ARRAY_H
#define ARRAY_H

#include <stdint.h>

#include "buf.h"
#include "id.h"

/* Object ids of PostgreSQL's types (pg_type.dat); they never change. */
enum array_of {
	ARRAY_OF_BOOL = 16,
	ARRAY_OF_BYTEA = 17,
	ARRAY_OF_INT = 23,
	ARRAY_OF_TEXT = 25,
	ARRAY_OF_JSON = 114,
	ARRAY_OF_TIME = 1184, /* timestamptz */
	ARRAY_OF_ID = 2950    /* uuid */
};

/* Starts an empty array; the caller calls buf_free(). */
void array_init(struct buf *, enum array_of, size_t max);
/* Appends an element: bytes of a text, json or bytea; NULL is SQL's NULL. */
void array_put(struct buf *, const void *bytes, size_t n);
void array_put_text(struct buf *, const char *); /* NULL is SQL's NULL */
void array_put_id(struct buf *, const struct id *);
void array_put_int(struct buf *, int32_t);
void array_put_true(struct buf *);
/* us: microseconds since 1970 */
void array_put_time(struct buf *, int64_t us);
/*
 * The first element as a value by itself, inside the array's memory; NULL as
 * data for SQL's NULL.
 */
struct buf array_first(const struct buf *);

#endif
