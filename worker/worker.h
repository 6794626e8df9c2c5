/* One worker process: opens, holds and closes what its jobs need. */
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
	struct stream *stream; /* NULL: SMARTCITY_STREAM is empty */
	struct horizon horizon;
	struct id expunged; /* last message that expunge() saw; "": none */
	char name[80];      /* host:pid, for the table of workers */
};

/*
 * Opens the HTTP client, and hands it to dispatch and stream. The database can
 * be away. STATUS_REJECT: a setting is wrong; STATUS_FAULT: the system refused
 * a resource. In both cases error says which, and nothing must be closed.
 */
enum status worker_open(
    struct worker *, const struct config *, char error[256]) MUST_CHECK;
/* Deletes this worker from the table of workers; a failure is logged. */
void worker_leave(struct worker *);
void worker_close(struct worker *);
/*
 * Fills in the descriptors to poll, of the HTTP client and of the sinks, and
 * returns their number. worker_work() serves those that poll() found ready.
 */
int worker_files(const struct worker *, struct pollfd files[WORKER_FILES]);
void worker_work(struct worker *, const struct pollfd files[], int n);
/* Whether this host has had a heartbeat within SMARTCITY_WORKER_SEEN s. */
bool worker_is_alive(const struct config *);

#endif
