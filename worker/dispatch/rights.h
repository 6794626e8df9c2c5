/*
 * What the database's role may not do (SQLSTATE 42501): said once, with the
 * right that is lacking, and again when the reason changes or after an hour.
 */
#ifndef RIGHTS_H
#define RIGHTS_H

#include <stdbool.h>
#include <stdint.h>

#include "db.h"

struct rights {
	char reason[256]; /* as it was said last; "": never */
	int64_t said_ms;
	bool is_said; /* since it worked */
};

/*
 * After a statement that failed: was it for want of a right? what: whose line
 * it is, "jobs: partitions".
 */
bool rights_lack(
    struct rights *, const char *what, const struct db *, int64_t now_ms);
/* After one that succeeded; what is denied by turns is not said anew. */
void rights_suffice(struct rights *, const char *what);

#endif
