/* One worker process: what its jobs work with, opened and closed. */
#ifndef WORKER_H
#define WORKER_H

#include <poll.h>
#include <stdbool.h>

#include "config.h"
#include "db.h"
#include "dispatch.h"
#include "horizon.h"
#include "id.h"
#include "net.h"
#include "sink.h"
#include "stream.h"

enum {
	WORKER_FILES = 1 + SINKS_MAX
};

struct worker {
	const struct config *config; /* kept by reference */
	struct db *db;
	struct net net;
	struct dispatch *dispatch;
	struct stream *stream; /* NULL: none is configured */
	struct horizon horizon;
	struct id expunged; /* the retention job has come so far; "" */
	char name[80];      /* host:pid, for the table of workers */
};

/*
 * Opens the HTTP client, and hands it to dispatch and stream. Needs no
 * database yet. STATUS_REJECT: a setting is wrong, STATUS_FAULT: the
 * system refused something; then error says it and there is nothing to close.
 */
enum status worker_open(
    struct worker *, const struct config *, char error[256]) MUST_CHECK;
/* Takes the worker off the table of those who live, if that can be done. */
void worker_leave(struct worker *);
void worker_close(struct worker *);
/*
 * The files to poll, the HTTP client's and those of the sinks, and how many
 * they are; then the work where something happened to them.
 */
int worker_files(const struct worker *, struct pollfd files[WORKER_FILES]);
void worker_work(struct worker *, const struct pollfd files[], int n);
/* Has a worker of this host told the database lately that it lives? */
bool worker_is_alive(const struct config *);

#endif
