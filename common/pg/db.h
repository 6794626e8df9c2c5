/*
 * One PostgreSQL connection that outlives its server: connected when first
 * needed, and again when it broke, after a pause that grows.
 */
#ifndef DB_H
#define DB_H

#include <stdbool.h>
#include <stdint.h>

#include "pg.h"
#include "query.h"
#include "sqlstate.h"
#include "status.h"

struct db;

/*
 * Never connects by itself. url is a libpq URI or conninfo string, also in
 * SQLAlchemy's spelling (postgresql+driver://). timeout_ms bounds each call of
 * db_run: server and client both enforce it. NULL: out of memory.
 */
struct db *db_new(const char *url, const char *program, int timeout_ms);
void db_free(struct db *); /* NULL is fine */

/*
 * Runs a statement in a transaction of its own. Its values are text, NULL is
 * NULL; the array is made by names, so that it has as many as the statement
 * takes: values[EVENT_GET_ARGS] = { [EVENT_GET_ARG_ID] = … }, or it is NULL
 * where it takes none. A connection that breaks meanwhile is opened again and
 * the statement run once more, so every statement must be one that may run
 * twice under the same ids. STATUS_OK hands over *out, which the caller frees;
 * out may be NULL where rows do not matter. Anything else leaves *out alone,
 * was logged, and db_reason and db_sqlstate tell why. STATUS_RETRY says nothing
 * about whether the statement took effect.
 */
enum status db_run(struct db *, enum query, const char *const values[],
    struct pg_result **out) MUST_CHECK;
/* The same, planned for these very values instead of prepared. */
enum status db_run_planned(struct db *, enum query, const char *const values[],
    struct pg_result **out) MUST_CHECK;

/*
 * Connects if need be, and looks every 10 s whether the server is still fit.
 * STATUS_FAULT: it is unfit, as pg_open says.
 */
enum status db_connect(struct db *) MUST_CHECK;

/* Makes the calls to come wait less than timeout_ms; 0: as before. */
void db_limit(struct db *, int limit_ms);
/* Is told of each statement and connection that failed, of any struct db. */
void db_watch(void (*failed)(enum db_error));

/*
 * What the role may not do (42501) is the caller's to log: a job would have it
 * logged at each of its runs.
 */
void db_keep_denials(struct db *);
/* The role of the connection; "?" where there is none. */
const char *db_role(const struct db *);

const char *db_reason(const struct db *);   /* one line, never NULL */
const char *db_sqlstate(const struct db *); /* "" where there was none */

/* The last db_run ran more than once: what it did before has no answer. */
bool db_was_repeated(const struct db *);

/* Microseconds that db_run took so far; NULL: none. */
int64_t db_spent_us(const struct db *);

#endif
