/*
 * How a running program is replaced by its new version: under the same pid, by
 * exec, after `program --check` has shown that the new version would start with
 * the current settings.
 */
#ifndef ANEW_H
#define ANEW_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "status.h"

/* SIGHUP and SIGUSR2 ask for a new start. */
bool anew_is_asked(int sig);

/*
 * Blocks the signals that a daemon obeys (SIGTERM, SIGINT, SIGQUIT, SIGHUP,
 * SIGUSR1, SIGUSR2) and sets SIGCHLD to its default, without which no child
 * could be waited for. Blocked, a signal waits until it is read, also across an
 * exec. *obeyed gets these signals, *before the mask before the call.
 */
void anew_block(sigset_t *obeyed, sigset_t *before);

/*
 * Starts `argv[0] --check` with the given mask; the check has 20 seconds.
 * Returns its pid, to be waited for; or -1 after logging why.
 */
pid_t anew_check(char *const argv[], const sigset_t *mask);

/*
 * Replaces this program, whose children the new one takes over. Returns only if
 * this failed, with errno set.
 */
void anew_exec(char *const argv[], const pid_t children[], int n);

/* True in a program that was started by anew_exec(). */
bool anew_has_children(void);
/*
 * The pids of these children, at the first call only; the caller frees the
 * array. The caller checks by waitpid() that each is its child. STATUS_FAULT:
 * out of memory.
 */
enum status anew_take_children(pid_t **pids, int *n) MUST_CHECK;

#endif
