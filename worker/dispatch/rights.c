#include "rights.h"

#include <stdio.h>
#include <string.h>

#include "log.h"

enum {
	SAY_AGAIN_MS = 60 * 60 * 1000
};

/* What to do about PostgreSQL's message; the last row: any other. */
static const struct {
	const char *reason, *help;
} helps[] = {
	{ "permission denied for table",
	    "grant it SELECT, INSERT, UPDATE and DELETE on all tables" },
	{ "permission denied for function",
	    "grant it EXECUTE on all functions" },
	{ "", "grant it the role that owns the tables" },
};

bool
rights_lack(
    struct rights *r, const char *what, const struct db *db, int64_t now_ms)
{
	static const char label[] = "ERROR:  ";
	const char *reason = db_reason(db);
	int i = 0;

	if (strcmp(db_sqlstate(db), "42501") != 0)
		return false;
	if (strncmp(reason, label, sizeof(label) - 1) == 0)
		reason += sizeof(label) - 1;
	if (r->reason[0] != '\0' && now_ms - r->said_ms < SAY_AGAIN_MS &&
	    strncmp(r->reason, reason, sizeof(r->reason) - 1) == 0)
		return true;
	snprintf(r->reason, sizeof(r->reason), "%s", reason);
	r->said_ms = now_ms;
	r->is_said = true;
	while (strstr(reason, helps[i].reason) == NULL)
		i++;
	log_error("%s: role %s lacks a right: %s (SQLSTATE 42501); %s", what,
	    db_role(db), reason, helps[i].help);
	return true;
}

void
rights_suffice(struct rights *r, const char *what)
{
	if (r->is_said)
		log_info("%s: works again", what);
	r->is_said = false;
}
