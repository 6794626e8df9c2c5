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
	char reason[256]; /* reason that was logged last; "": none */
	int64_t said_ms;
	bool is_said; /* reason was logged since the last success */
};

/*
 * Call it after a statement that failed. True: it failed because of a missing
 * right, which this logs as described above. what: the beginning of the line,
 * "jobs: partitions".
 */
bool rights_lack(
    struct rights *, const char *what, const struct db *, int64_t now_ms);
/*
 * Call it after a statement that succeeded. A reason that comes back within an
 * hour of its log line is not logged again.
 */
void rights_suffice(struct rights *, const char *what);

#endif
