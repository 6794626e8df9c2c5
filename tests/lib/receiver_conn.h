/*
 * Shared by receiver_serve.c, which holds the connections, and
 * receiver_behave.c, which writes the answers.
 */
#ifndef RECEIVER_CONN_H
#define RECEIVER_CONN_H

#include <stdbool.h>

#include "receiver_log.h"

struct conn {
	int fd;
	bool resets, hangs, drips;
	bool stalls;               /* sends nothing after the answer */
	bool last;                 /* closes after the answer */
	int64_t due_ms;            /* when the answer is sent; 0: at once */
	struct conn *next, **prev; /* in the list of waiting connections */
	char *in;                  /* NUL-terminated */
	size_t in_len, in_cap;
	char out[2048];
	size_t out_len;
	size_t filler;    /* bytes still to be sent after out */
	const char *unit; /* filler repeats this; NULL: zeros */
	size_t unit_at;   /* offset of the next byte in unit */
};

/* Puts the answer that the request's path asks for into the connection. */
void receiver_behave(struct conn *, struct receiver_request *);
/* Delays the answer. */
void receiver_wait(struct conn *, int64_t ms);

#endif
