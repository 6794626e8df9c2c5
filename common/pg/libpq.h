/*
 * Shared by pg.c and kept.c (statements), connect.c (connections) and
 * conninfo.c (URLs) only: the one place where libpq's header is included.
 */
#ifndef LIBPQ_H
#define LIBPQ_H

#include <libpq-fe.h>
#include <stdint.h>

#include "hosts.h"
#include "pg.h"

enum {
	PG_TIMEOUT_LEN = 32,
	KEPT = 8,         /* statements */
	KEPT_VALUES = 512 /* bytes */
};

/* A statement that is prepared for the values of some of its parameters. */
struct kept {
	enum query query;
	char values[KEPT_VALUES]; /* "": this place is free */
	int64_t prepared_at;      /* steady ms; 0: not for these values */
	int64_t used_at;
	bool is_named; /* the server has a statement of this place */
};

struct pg {
	PGconn *conn;
	struct pg_trouble *trouble; /* owned by the caller */
	int wait_ms;    /* limit of the current statement or connect */
	int pid;        /* pid of the server's process; 0: not asked */
	int timeout_ms; /* as pg_open() and pg_set_timeout() had it */
	size_t longest; /* bytes of parameters of a statement so far */
	struct kept kept[KEPT];
};

/* sqlstate can be NULL; only the first line of message is kept. */
void pg_set_reason(struct pg *, const char *sqlstate, const char *message);
/* The server's time limit, as text for its settings. */
void pg_timeout_text(int timeout_ms, char out[PG_TIMEOUT_LEN]);
/* pg_run() for PG_KEPT. */
enum pg_end pg_run_kept(struct pg *, enum query, const char *const values[],
    int open, int wait_ms, struct pg_result **out);
/* The answer to a statement; sent: what libpq returned. *out as by pg_run(). */
enum pg_end pg_finish(
    struct pg *, int sent, int wait_ms, struct pg_result **out);
/* Waits until the socket is ready for poll's events; false at the deadline. */
bool pg_wait_socket(struct pg *, short events, int64_t deadline);
/* Prepares all statements of query.h; false if one failed, which was logged. */
bool pg_prepare_all(struct pg *);

bool conninfo_is_understood(const char *url);
/* False if libpq's messages about url would quote a part of its password. */
bool conninfo_may_be_quoted(const char *url);
/* The servers that the URL names, or else the environment; at least one. */
int conninfo_hosts(const char *url, struct host hosts[HOSTS_MAX]);

#endif
