/* What one process of the pool does with its life. */
#ifndef CHILD_H
#define CHILD_H

#include "config.h"
#include "listener.h"
#include "request.h"

struct child {
	const struct config *config;
	const struct guard *guard;
	request_handler *handle; /* of all requests */
	struct listener *listener;
	/* Its own, of the last places, which are the status responders'. */
	struct listener *status_listener;
	int processes; /* without them */
};

/* Serves until SIGTERM or max_requests; arg is a struct child. */
int child_run(void *arg, int n);

#endif
