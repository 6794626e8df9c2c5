/* What SQLSTATEs (SQL standard; PostgreSQL's appendix A) mean for callers. */
#ifndef SQLSTATE_H
#define SQLSTATE_H

#include "status.h"

/* Classes of errors for metrics; sqlstate_error_name() has their names. */
enum db_error {
	DB_ERROR_CONNECTION, /* no server answered, or it went away */
	DB_ERROR_TIMEOUT,    /* of a statement or a lock */
	DB_ERROR_DISK_FULL,
	DB_ERROR_RESOURCES, /* memory, connections */
	DB_ERROR_READ_ONLY,
	DB_ERROR_CONFLICT, /* deadlock, serialization */
	DB_ERROR_SCHEMA,   /* not migrated */
	DB_ERROR_ACCESS,   /* password, privilege */
	DB_ERROR_DATA,     /* a value that the database cannot store */
	DB_ERROR_UNFIT,    /* set up so that it can lose or refuse events */
	DB_ERROR_OTHER,
	DB_ERRORS
};

/* sqlstate: NULL and "" mean that no server answered. */
enum status sqlstate_status(const char *sqlstate);
enum db_error sqlstate_error(const char *sqlstate);
const char *sqlstate_error_name(enum db_error);

#endif
