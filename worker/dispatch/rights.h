/*
 * Logs that the database role lacks a right (SQLSTATE 42501), and which one:
 * once, and again when the reason changes or after an hour.
 */
#ifndef RIGHTS_H
#define RIGHTS_H

#include <stdbool.h>
#include <stdint.h>

#include "db.h"

struct rights {
	char reason[256]; /* as it was logged last; "": never */
	int64_t said_ms;
	bool is_said; /* since the statement last succeeded */
};

/*
 * Call it after a statement that failed. True: it failed because of a missing
 * right, which was logged. what: begins the line, "jobs: partitions".
 */
bool rights_lack(
    struct rights *, const char *what, const struct db *, int64_t now_ms);
/* Call it after one that succeeded. A reason that comes back within the hour is
 * not logged again. */
void rights_suffice(struct rights *, const char *what);

#endif
