/* A session that locks the table events, so that whoever writes to it waits. */
#ifndef EVENTS_LOCK_H
#define EVENTS_LOCK_H

#include <stdio.h>

/* Returns when the lock is held; `then`: SQL that the session runs next, or "".
 */
FILE *events_lock(const char *url, const char *then);
/* Commits, and waits for the session's end. */
void events_unlock(FILE *);

#endif
