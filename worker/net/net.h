/*
 * How a worker reaches receivers: through the HTTP client, and the guard, which
 * decides to which addresses a worker can connect. The worker opens and closes
 * both; the sinks and the live stream only use them.
 */
#ifndef NET_H
#define NET_H

#include "config.h"
#include "guard.h"
#include "post.h"
#include "status.h"

struct net {
	struct guard guard;
	struct post_client *http;
};

/*
 * STATUS_REJECT: a setting is wrong; STATUS_FAULT: a system call failed; error
 * has the reason. The struct must not move before net_close().
 */
enum status net_open(
    struct net *, const struct config *, char error[256]) MUST_CHECK;
/* Can be called after net_open() failed, and with a zeroed struct. */
void net_close(struct net *);

#endif
