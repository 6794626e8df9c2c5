/*
 * What pg.c (statements) and connect.c (connections) share, and nobody else
 * may see: the one place where libpq's header is included.
 */
#ifndef LIBPQ_H
#define LIBPQ_H

#include <libpq-fe.h>
#include <stdint.h>

#include "pg.h"

struct pg {
	PGconn *conn;
	struct pg_trouble *trouble; /* the caller's */
	int wait_ms;                /* for what is under way */
	int pid;                    /* of the server's process; 0: not asked */
};

/* sqlstate may be NULL; of a message of several lines the first is kept. */
void pg_set_reason(struct pg *, const char *sqlstate, const char *message);
/* Until the socket is ready for poll's events; false at the deadline. */
bool pg_wait_socket(struct pg *, short events, int64_t deadline);
/* Every statement of query.h; false where one failed, which was logged. */
bool pg_prepare_all(struct pg *);

#endif
