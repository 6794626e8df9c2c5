/*
 * The socket that the web server connects to: inherited, or made here. What
 * comes back is non-blocking, and TCP peers that fall silent are given up.
 */
#ifndef LISTENER_H
#define LISTENER_H

#include <stdbool.h>
#include <sys/types.h>
#include <sys/un.h>

#include "status.h"

struct listener {
	int fd; /* -1: none */
	/* The socket's file, ours to remove; "" where it is not. */
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	dev_t device;
	ino_t inode;
};

/* Whose connections come there. */
enum listener_use {
	LISTENER_POOL,
	LISTENER_STATUS, /* of the status responders */
};

/*
 * From our former self (see listener_hand_over), from systemd
 * (sd_listen_fds(3): the pool's, then the status responders') or, the pool's,
 * as fd 0 (FastCGI 1.0, section 2.2). False where there is none.
 */
bool listener_inherit(struct listener *, enum listener_use);
/*
 * A path (one with a slash in it), which becomes a socket of mode 0660, or
 * host:port, [v6]:port, :port. Anything but STATUS_OK fills error.
 */
enum status listener_open(
    struct listener *, const char *address, char error[256]) MUST_CHECK;
/* Removes the socket's file if we made it and nobody replaced it since. */
void listener_close(struct listener *);
/* Lets it outlive an exec, for listener_inherit to find, or not any more. */
void listener_hand_over(struct listener *, enum listener_use, bool);

#endif
