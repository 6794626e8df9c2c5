/*
 * A deadline for library calls that have none: libnats's TLS handshake waits
 * for its peer for ever.
 */
#ifndef INTERRUPT_H
#define INTERRUPT_H

#include <signal.h>
#include <stdbool.h>
#include <time.h>

struct interrupt {
	timer_t timer;
	bool is_set;
	sigset_t before;
};

/*
 * After `ms` milliseconds, and then repeatedly until interrupt_end(), a signal
 * makes the calling thread's blocking system calls fail with EINTR.
 */
void interrupt_begin(struct interrupt *, int ms);
void interrupt_end(struct interrupt *);

#endif
