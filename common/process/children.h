/*
 * Keeps N processes alive: a master that waits for signals and nothing else.
 * SIGTERM, SIGINT, SIGQUIT stop gracefully, SIGHUP, SIGUSR2 start the program
 * anew under the same pid and then replace its children one by one. SIGUSR1
 * switches debug lines on and off, in the children too.
 */
#ifndef CHILDREN_H
#define CHILDREN_H

#include <stdbool.h>
#include <sys/types.h>

#include "status.h"

struct children {
	int count;
	/*
	 * What a child does; the result is its exit status. After
	 * children_ready() and status 0 the next child starts at once; any
	 * other end is a crash. SIGTERM, the order to stop, and the master's
	 * other signals are blocked in a child at first.
	 */
	int (*run)(void *arg, int n); /* n: from 0 to count - 1 */
	void *arg;
	/* Called for each child that ended, also one taken over; or NULL. */
	void (*ended)(void *arg, pid_t, int wait_status);
	/*
	 * How this program is started again; NULL: never. argv[0] --check
	 * must exit 0 before that.
	 */
	char **argv;
	/* Makes arg outlive an exec (true), or not any more (false). */
	void (*hand_over)(void *arg, bool);
	int grace_ms; /* time from SIGTERM to SIGKILL */
};

/* Returns when stopped; on STATUS_FAULT (out of memory) nothing was started. */
enum status children_run(const struct children *) MUST_CHECK;
/* Called by a child that can serve; in other processes it does nothing. */
void children_ready(void);

#endif
