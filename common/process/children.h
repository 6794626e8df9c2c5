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
	 * What a child does; the result is its exit status. 0 after it told
	 * that it is ready starts the next at once, all else is a crash. It
	 * begins with SIGTERM, its order to stop, blocked, as the master's
	 * other signals are.
	 */
	int (*run)(void *arg, int n); /* n: its place, from 0 to count - 1 */
	void *arg;
	/* The master reaped one, also one that it took over; may be NULL. */
	void (*ended)(void *arg, pid_t, int wait_status);
	/*
	 * How this program is started again; NULL: never. argv[0] --check
	 * must exit 0 before that.
	 */
	char **argv;
	/* Makes arg outlive an exec (true), or not any more (false). */
	void (*hand_over)(void *arg, bool);
	int grace_ms; /* from SIGTERM to SIGKILL when stopping */
};

/* Returns when stopped; on STATUS_FAULT (out of memory) nothing was started. */
enum status children_run(const struct children *) MUST_CHECK;
/* A child tells that it serves; elsewhere it does nothing. */
void children_ready(void);

#endif
