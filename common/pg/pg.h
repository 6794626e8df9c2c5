/*
 * One session with a PostgreSQL server: opened with every statement prepared,
 * used until it breaks, then closed. Users of this header do not see libpq.
 */
#ifndef PG_H
#define PG_H

#include <stdbool.h>

#include "query.h"
#include "reason.h"
#include "status.h"

struct pg;
struct pg_result; /* libpq's PGresult */

/* Why something failed; owned by the caller, since it outlives the session. */
struct pg_trouble {
	char sqlstate[SQLSTATE_LEN + 1]; /* "": the error has none */
	char reason[REASON_LEN];         /* one line */
};

/* How a statement ended. */
enum pg_end {
	PG_ANSWERED, /* by a result, or by an error without a result */
	PG_BROKEN,   /* the connection is gone, the effect unknown */
	PG_STALLED   /* no answer in time, the effect unknown */
};

/*
 * url: a libpq URI or conninfo string. Takes the first usable server that the
 * url names; each has its share of wait_ms to answer, and a standby is not
 * usable. The server ends a statement after two thirds of timeout_ms.
 * STATUS_FAULT: the url is invalid, the server is unfit (fsync is off, an
 * encoding other than UTF8, a pooler that shares sessions), or memory is short.
 */
enum status pg_open(struct pg **, const char *url, const char *program,
    int timeout_ms, int wait_ms, struct pg_trouble *) MUST_CHECK;
void pg_close(struct pg *); /* NULL is fine */
/*
 * Is the server still fit? It can have changed since pg_open(). Unless the
 * result is STATUS_OK, the caller must close the session.
 */
enum status pg_check(struct pg *, int timeout_ms, int wait_ms) MUST_CHECK;

enum {
	PG_BINARY_MAX = 32 /* parameters of a statement with binary values */
};

/*
 * Lets later statements take two thirds of timeout_ms, instead of what was said
 * before. False: the caller must close the session.
 */
bool pg_set_timeout(struct pg *, int timeout_ms, int wait_ms);
/*
 * Whether the session keeps much memory, which libpq took for the parameters of
 * a large statement, and frees only with the session.
 */
bool pg_is_swollen(const struct pg *);

enum pg_way {
	PG_PREPARED, /* at the connect */
	PG_PLANNED,  /* for these values */
	/*
	 * Prepared for all values but the first `open`: they stand in its text
	 * as constants, so that the plan is as good as one that is made for
	 * them, and leaves out partitions. The session keeps the statements
	 * that were used last, from their second use on, each for at most a
	 * second, because a table that was empty then can be large now.
	 */
	PG_KEPT
};

/* How a statement is run. */
struct pg_args {
	/* One value for each parameter; NULL is SQL's NULL. */
	const char *const *values;
	const int *lengths; /* bytes of values in binary format; NULL: texts */
	enum pg_way way;
	int open; /* of PG_KEPT */
};
/*
 * Runs a statement in a transaction of its own. The caller frees *out, which is
 * NULL if the statement failed.
 */
enum pg_end pg_run(struct pg *, enum query, const struct pg_args *, int wait_ms,
    struct pg_result **out);

/*
 * Calls pg_option for each option of a url: libpq's keyword, its environment
 * variable (NULL: it has none) and the decoded value. STATUS_REJECT: it is no
 * url of PostgreSQL.
 */
typedef void pg_option(
    void *arg, const char *keyword, const char *variable, const char *value);
enum status pg_options(const char *url, pg_option *, void *arg) MUST_CHECK;

/* The role that the session logged in as. */
const char *pg_role(const struct pg *);

int pg_rows(const struct pg_result *);
/* In the statement's format; owned by the result; NULL is SQL's NULL. */
const char *pg_value(const struct pg_result *, int row, int column);
int pg_length(const struct pg_result *, int row, int column); /* bytes */
int pg_int(const struct pg_result *, int row, int column);    /* NULL is 0 */
bool pg_is_true(const struct pg_result *, int row, int column);
void pg_free(struct pg_result *); /* NULL is fine */

#endif
