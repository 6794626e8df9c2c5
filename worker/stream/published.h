/*
 * nginx's answer when a message was published on a channel (nchan, text/json):
 * {"messages": 2, "requested": 0, "subscribers": 1, …}
 */
#ifndef PUBLISHED_H
#define PUBLISHED_H

#include "buf.h"

struct published {
	int messages;    /* messages kept for viewers that come back */
	int subscribers; /* viewers connected now */
};

/* The number that the text begins with; -1: none, or not below ten million. */
int published_count(const char *text);
/* A count that the answer does not have is 0. */
struct published published_read(const struct buf *answer);

#endif
