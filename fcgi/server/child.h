/* One responder of the pool. */
#ifndef CHILD_H
#define CHILD_H

#include "config.h"
#include "listener.h"
#include "request.h"

struct child {
	const struct config *config;
	const struct guard *guard;
	const struct routing *routing;
	struct listener *listener;
	/* For the children from `processes` on, which are status responders. */
	struct listener *status_listener;
	int processes; /* number without status responders */
};

/* Serves until SIGTERM or max_requests; arg is a struct child. */
int child_run(void *arg, int n);

#endif
