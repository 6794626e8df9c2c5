/*
 * What a worker reaches others with: the guard, which says what addresses may
 * be connected to, and the HTTP client. The worker opens one and hands it to
 * the sinks and to the live stream, which close nothing of it.
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
 * STATUS_REJECT: a setting is wrong, STATUS_FAULT: the system refused
 * something; in error. The address must not change before net_close().
 */
enum status net_open(
    struct net *, const struct config *, char error[256]) MUST_CHECK;
/* Also after net_open() failed, and of a zeroed struct. */
void net_close(struct net *);

#endif
