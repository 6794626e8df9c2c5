/*
 * One PostgreSQL connection that outlives its server: it connects when first
 * needed and, after it broke, again, with pauses that grow.
 */
#ifndef DB_H
#define DB_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "pg.h"
#include "query.h"
#include "sqlstate.h"
#include "status.h"

struct db;

/*
 * Does not connect yet. url is a libpq URI or conninfo string, also in
 * SQLAlchemy's spelling (postgresql+driver://). timeout_ms bounds each call of
 * db_run(): server and client both enforce it. NULL: out of memory.
 */
struct db *db_new(const char *url, const char *program, int timeout_ms);
void db_free(struct db *); /* NULL is fine */

/*
 * Runs a statement in a transaction of its own. values: texts, or NULL for
 * SQL's NULL; the array is made by names, so that it has an element for each
 * parameter of the statement: values[EVENT_GET_ARGS] = { [EVENT_GET_ARG_ID] = …
 * }; it is NULL if there are no parameters. If the connection breaks meanwhile
 * it is opened and the statement run again, so every statement must be safe to
 * run twice with the same ids. STATUS_OK sets *out, which the caller frees; out
 * can be NULL. Any other status leaves *out as it is; db_reason() and
 * db_sqlstate() say why, and the failure was logged, except for a duplicate
 * key (23505) and for db_keep_denials(). STATUS_RETRY says nothing about
 * whether the statement took effect.
 */
enum status db_run(struct db *, enum query, const char *const values[],
    struct pg_result **out) MUST_CHECK;
/* db_run() without a prepared statement: it is planned for these values. */
enum status db_run_planned(struct db *, enum query, const char *const values[],
    struct pg_result **out) MUST_CHECK;

/*
 * db_run() of a statement whose text has all values but the first `open` as
 * constants; see PG_KEPT in pg.h.
 */
enum status db_run_kept(struct db *, enum query, const char *const values[],
    int open, struct pg_result **out) MUST_CHECK;
/*
 * db_run() or, if `planned`, db_run_planned() with every parameter in binary
 * format: arrays of array.h, and plain bytes for a text; NULL as data is SQL's
 * NULL. A failed buffer is STATUS_FAULT.
 */
enum status db_run_binary(struct db *, enum query, const struct buf values[],
    bool planned, struct pg_result **out) MUST_CHECK;

/*
 * Connects if need be, and checks every 10 s whether the server is still fit.
 * STATUS_FAULT: for the reasons of pg_open().
 */
enum status db_connect(struct db *) MUST_CHECK;

/* Gives later calls another timeout_ms than db_new(). */
void db_set_timeout(struct db *, int timeout_ms);
/* Makes later calls wait less than timeout_ms; 0: timeout_ms again. */
void db_limit(struct db *, int limit_ms);
/*
 * To be called when there is nothing to do: opens a new session if the present
 * one keeps much memory. NULL is fine.
 */
void db_rest(struct db *);
/* failed is called for each failed statement or connect, of any struct db. */
void db_watch(void (*failed)(enum db_error));

/*
 * Leaves it to the caller to log missing rights of the role (42501), which
 * would otherwise be logged at each run of a job.
 */
void db_keep_denials(struct db *);
/* The role of the connection; "?" if not connected. */
const char *db_role(const struct db *);

const char *db_reason(const struct db *);   /* one line, never NULL */
const char *db_sqlstate(const struct db *); /* "" if the failure has none */

/* The last statement ran more than once: an earlier run can have committed. */
bool db_was_repeated(const struct db *);

/* Microseconds spent on statements so far; 0 for NULL. */
int64_t db_spent_us(const struct db *);

#endif
