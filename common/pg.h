/*
 * One session with a PostgreSQL server: opened with every statement prepared,
 * used until it breaks, then closed. The only file that sees libpq.
 */
#ifndef PG_H
#define PG_H

#include <stdbool.h>

#include "query.h"
#include "status.h"

struct pg;
struct pg_result; /* libpq's PGresult */

/* Why something failed: the caller's, for it outlives the session. */
struct pg_trouble {
	char sqlstate[6]; /* "" where there was none */
	char reason[512]; /* one line */
};

/* What a statement came to. */
enum pg_end {
	PG_ANSWERED, /* by rows, or by an error: then there is no result */
	PG_BROKEN,   /* the connection is gone, the effect unknown */
	PG_STALLED   /* no answer in time, likewise unknown */
};

/*
 * url is libpq's, a URI or conninfo string. The server gives a statement two
 * thirds of timeout_ms; wait_ms bounds the connection and each answer until it
 * is open. STATUS_FAULT: the url is none, the server is unfit (fsync is off),
 * or memory is short.
 */
enum status pg_open(struct pg **, const char *url, const char *program,
    int timeout_ms, int wait_ms, struct pg_trouble *) MUST_CHECK;
void pg_close(struct pg *); /* NULL is fine */

/*
 * Runs a statement in a transaction of its own: prepared, or planned for these
 * very values. All are text, NULL is NULL. *out is the caller's to free, and
 * NULL where it failed.
 */
enum pg_end pg_run(struct pg *, enum query, bool prepared, int n,
    const char *const values[], int wait_ms, struct pg_result **out);

/* The role that it logged in as. */
const char *pg_role(const struct pg *);

int pg_rows(const struct pg_result *);
/* Owned by the result; NULL is SQL's NULL. */
const char *pg_value(const struct pg_result *, int row, int column);
bool pg_is_true(const struct pg_result *, int row, int column);
void pg_free(struct pg_result *); /* NULL is fine */

#endif
