#include "sqlstate.h"

#include <stddef.h>
#include <string.h>

struct row {
	const char *prefix;
	enum status status;
	enum db_error error;
};

/* The first row whose prefix fits. */
static const struct row *
find(const char *sqlstate)
{
	static const struct row rows[] = {
		/* No SQLSTATE at all means that no server answered. */
		{ "08", STATUS_RETRY, DB_ERROR_CONNECTION },
		{ "22", STATUS_REJECT, DB_ERROR_DATA }, /* data exception */
		{ "54", STATUS_REJECT, DB_ERROR_DATA }, /* server's limit */
		/* a standby */
		{ "25006", STATUS_RETRY, DB_ERROR_READ_ONLY },
		{ "40", STATUS_RETRY, DB_ERROR_CONFLICT },
		{ "53100", STATUS_RETRY, DB_ERROR_DISK_FULL },
		{ "53", STATUS_RETRY, DB_ERROR_RESOURCES },
		{ "55P03", STATUS_RETRY, DB_ERROR_TIMEOUT }, /* lock */
		{ "57014", STATUS_RETRY, DB_ERROR_TIMEOUT }, /* statement */
		{ "57", STATUS_RETRY, DB_ERROR_CONNECTION }, /* shutting down */
		{ "58030", STATUS_RETRY, DB_ERROR_OTHER },   /* I/O error */
		/* Not migrated: database, schema, table, function, column */
		{ "3D000", STATUS_RETRY, DB_ERROR_SCHEMA },
		{ "3F000", STATUS_RETRY, DB_ERROR_SCHEMA },
		{ "42P01", STATUS_RETRY, DB_ERROR_SCHEMA },
		{ "42883", STATUS_RETRY, DB_ERROR_SCHEMA },
		{ "42703", STATUS_RETRY, DB_ERROR_SCHEMA },
		/* A wrong password, which an operator can mend */
		{ "28", STATUS_RETRY, DB_ERROR_ACCESS },
		/* Made by connect.c, for a server that is unfit for events */
		{ "F0000", STATUS_RETRY, DB_ERROR_UNFIT },
		{ "42501", STATUS_RETRY, DB_ERROR_ACCESS },
	};
	static const struct row other = { "", STATUS_FAULT, DB_ERROR_OTHER };
	size_t i;

	if (sqlstate == NULL || sqlstate[0] == '\0')
		return &rows[0];
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (strncmp(sqlstate, rows[i].prefix, strlen(rows[i].prefix)) ==
		    0)
			return &rows[i];
	return &other;
}

enum status
sqlstate_status(const char *sqlstate)
{
	return find(sqlstate)->status;
}

enum db_error
sqlstate_error(const char *sqlstate)
{
	return find(sqlstate)->error;
}

const char *
sqlstate_error_name(enum db_error error)
{
	static const char *const names[DB_ERRORS] = {
		[DB_ERROR_CONNECTION] = "connection",
		[DB_ERROR_TIMEOUT] = "timeout",
		[DB_ERROR_DISK_FULL] = "disk_full",
		[DB_ERROR_RESOURCES] = "resources",
		[DB_ERROR_READ_ONLY] = "read_only",
		[DB_ERROR_CONFLICT] = "conflict",
		[DB_ERROR_SCHEMA] = "schema",
		[DB_ERROR_ACCESS] = "access",
		[DB_ERROR_DATA] = "data",
		[DB_ERROR_UNFIT] = "unfit",
		[DB_ERROR_OTHER] = "other",
	};

	return names[error];
}
