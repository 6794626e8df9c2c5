/*
 * The socket that the web server connects to: inherited, or made here. It is
 * non-blocking, and reading from a TCP peer that falls silent fails.
 */
#ifndef LISTENER_H
#define LISTENER_H

#include <stdbool.h>
#include <sys/types.h>
#include <sys/un.h>

#include "status.h"

struct listener {
	int fd; /* -1: none */
	/* The socket's file, which listener_close() removes; or "". */
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	dev_t device;
	ino_t inode;
};

enum {
	LISTENER_SILENCE = 2 /* seconds that a peer may send nothing */
};

/* Which responders serve the connections of a listener. */
enum listener_use {
	LISTENER_POOL,
	LISTENER_STATUS, /* of the status responders */
};

/*
 * Takes over a socket: after a reload, the one of listener_hand_over(); else
 * from systemd (sd_listen_fds(3): the pool's, then the status responders');
 * else, for the pool, from descriptor 0 (FastCGI 1.0, section 2.2). False: no
 * socket.
 */
bool listener_inherit(struct listener *, enum listener_use);
/*
 * A path (one with a slash in it), which becomes a socket of mode 0660, or
 * host:port, [v6]:port, :port. Any status except STATUS_OK fills error.
 */
enum status listener_open(
    struct listener *, const char *address, char error[256]) MUST_CHECK;
/* Removes the socket's file if this pool made it and nobody replaced it. */
void listener_close(struct listener *);
/*
 * True: exec() leaves the socket open for listener_inherit(). False: no more.
 */
void listener_hand_over(struct listener *, enum listener_use, bool);

#endif
