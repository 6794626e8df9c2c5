/* The topics that messages go to: event. and the service derived to. */
#ifndef TOPIC_H
#define TOPIC_H

#include "buf.h"

/* Or of all of them. */
#define TOPIC_ALL "event.*"

/*
 * Writes a JSON array of what somebody who subscribes to it should know, unless
 * that is nothing: that no rule derives to it, and to which ones do.
 */
void topic_warnings(struct buf *out, const char *topic);

#endif
