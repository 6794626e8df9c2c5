/*
 * A deadline for a call of a library that has none: libnats's TLS handshake
 * waits for its peer for ever.
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
 * After that many ms, and then repeatedly until interrupt_end(), a signal makes
 * the calling thread's blocking system calls fail with EINTR.
 */
void interrupt_begin(struct interrupt *, int ms);
void interrupt_end(struct interrupt *);

#endif
