/*
 * One session with a PostgreSQL server: opened with every statement prepared,
 * used until it breaks, then closed. Nothing behind this header sees libpq.
 */
#ifndef PG_H
#define PG_H

#include <stdbool.h>

#include "query.h"
#include "reason.h"
#include "status.h"

struct pg;
struct pg_result; /* libpq's PGresult */

/* Why something failed: the caller's, for it outlives the session. */
struct pg_trouble {
	char sqlstate[SQLSTATE_LEN + 1]; /* "" where there was none */
	char reason[REASON_LEN];         /* one line */
};

/* What a statement came to. */
enum pg_end {
	PG_ANSWERED, /* by rows, or by an error: then there is no result */
	PG_BROKEN,   /* the connection is gone, the effect unknown */
	PG_STALLED   /* no answer in time, likewise unknown */
};

/*
 * url is libpq's, a URI or conninfo string; of the servers that it names the
 * first that can be used is taken, each having its share of wait_ms to answer.
 * A standby is none of them. The server gives a statement two thirds of
 * timeout_ms. STATUS_FAULT: the url is none, the server is unfit (fsync is off,
 * another encoding than UTF8, a pooler that shares sessions), or memory is
 * short.
 */
enum status pg_open(struct pg **, const char *url, const char *program,
    int timeout_ms, int wait_ms, struct pg_trouble *) MUST_CHECK;
void pg_close(struct pg *); /* NULL is fine */
/*
 * Is the server still fit? What was decided when it was opened may have been
 * changed since. Unless STATUS_OK the session is to be closed.
 */
enum status pg_check(struct pg *, int timeout_ms, int wait_ms) MUST_CHECK;

/*
 * Runs a statement in a transaction of its own: prepared, or planned for these
 * very values: as many as it takes, all text, NULL is NULL. *out is the
 * caller's to free, and NULL where it failed.
 */
enum pg_end pg_run(struct pg *, enum query, bool prepared,
    const char *const values[], int wait_ms, struct pg_result **out);

/*
 * What a url says, option by option, decoded: libpq's keyword, the environment
 * variable that stands for it (NULL: none does) and the value. STATUS_REJECT:
 * it is no url of PostgreSQL.
 */
typedef void pg_option(
    void *arg, const char *keyword, const char *variable, const char *value);
enum status pg_options(const char *url, pg_option *, void *arg) MUST_CHECK;

/* The role that it logged in as. */
const char *pg_role(const struct pg *);

int pg_rows(const struct pg_result *);
/* Owned by the result; NULL is SQL's NULL. */
const char *pg_value(const struct pg_result *, int row, int column);
int pg_int(const struct pg_result *, int row, int column); /* NULL is 0 */
bool pg_is_true(const struct pg_result *, int row, int column);
void pg_free(struct pg_result *); /* NULL is fine */

#endif
