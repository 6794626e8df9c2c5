#include "interrupt.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

/* glibc defines it from 2.40 on. */
#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

enum {
	AGAIN_MS = 50 /* repeated, since a signal can come just before the call
			 that blocks */
};

static void
do_nothing(int sig)
{
	(void)sig;
}

/* Without SA_RESTART, so that a blocked call fails with EINTR. */
static void
install(void)
{
	struct sigaction sa = { .sa_handler = do_nothing };

	sigaction(SIGRTMIN, &sa, NULL);
}

void
interrupt_begin(struct interrupt *i, int ms)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct itimerspec when = { .it_value = { ms / 1000,
				       ms % 1000 * 1000000L },
		.it_interval.tv_nsec = AGAIN_MS * 1000000L };
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID };
	sigset_t set;

	pthread_once(&once, install);
	event.sigev_signo = SIGRTMIN;
	event.sigev_notify_thread_id = gettid();
	i->is_set = timer_create(CLOCK_MONOTONIC, &event, &i->timer) == 0;
	if (!i->is_set)
		return;
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	pthread_sigmask(SIG_UNBLOCK, &set, &i->before);
	timer_settime(i->timer, 0, &when, NULL);
}

void
interrupt_end(struct interrupt *i)
{
	if (!i->is_set)
		return;
	timer_delete(i->timer);
	pthread_sigmask(SIG_SETMASK, &i->before, NULL);
}
