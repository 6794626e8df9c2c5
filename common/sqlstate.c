#include "sqlstate.h"

#include <stddef.h>
#include <string.h>

enum status
sqlstate_status(const char *sqlstate)
{
	static const struct {
		const char *prefix;
		enum status status;
	} rows[] = {
		{ "22", STATUS_REJECT }, /* data exception */
		{ "54", STATUS_REJECT }, /* a limit of the server's */
		{ "08", STATUS_RETRY },  /* connection exception */
		{ "25006",
		    STATUS_RETRY },     /* read-only: a standby, a full disk */
		{ "40", STATUS_RETRY }, /* serialization, deadlock */
		{ "53", STATUS_RETRY }, /* out of disk, memory, connections */
		{ "55P03", STATUS_RETRY }, /* lock timeout */
		{ "57", STATUS_RETRY },    /* cancelled, shutting down */
		{ "58030", STATUS_RETRY }, /* I/O error */
		{ "3D000", STATUS_RETRY }, /* no such database yet */
		{ "3F000",
		    STATUS_RETRY }, /* no such schema: not migrated yet */
		{ "42P01", STATUS_RETRY }, /* no such table: not migrated yet */
		{ "42883", STATUS_RETRY }, /* no such function: likewise */
		{ "42703", STATUS_RETRY }, /* no such column: likewise */
		{ "28", STATUS_RETRY },    /* wrong password: the operator's */
		{ "42501", STATUS_RETRY }, /* no privilege: the operator's */
	};
	size_t i;

	/* No SQLSTATE at all means that no server answered. */
	if (sqlstate == NULL || sqlstate[0] == '\0')
		return STATUS_RETRY;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (strncmp(sqlstate, rows[i].prefix, strlen(rows[i].prefix)) ==
		    0)
			return rows[i].status;
	return STATUS_FAULT;
}
