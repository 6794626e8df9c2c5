/*
 * Between receiver_serve.c, which has the connections, and receiver_behave.c,
 * which writes the answers.
 */
#ifndef RECEIVER_CONN_H
#define RECEIVER_CONN_H

#include <stdbool.h>

#include "receiver_log.h"

struct conn {
	int fd;
	bool resets, hangs, drips;
	bool stalls;    /* nothing comes behind the answer */
	bool last;      /* closes behind the answer */
	int64_t due_ms; /* the answer waits until then, 0: it does not */
	struct conn *next, **prev; /* among those that wait */
	char *in;                  /* NUL-terminated */
	size_t in_len, in_cap;
	char out[2048];
	size_t out_len;
	size_t filler;    /* bytes still to be sent behind it */
	const char *unit; /* they are this again and again; NULL: zeros */
	size_t unit_at;   /* where in it the next one is */
};

/* Puts the answer that the request's path asks for into the connection. */
void receiver_behave(struct conn *, struct receiver_request *);
/* The answer waits so long. */
void receiver_wait(struct conn *, int64_t ms);

#endif
