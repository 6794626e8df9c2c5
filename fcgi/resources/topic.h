/* Topics of messages: "event." and the name of the service derived to. */
#ifndef TOPIC_H
#define TOPIC_H

#include "buf.h"

/* The topic of a subscription to all messages. */
#define TOPIC_ALL "event.*"

/*
 * If no rule derives an event to the topic, writes a JSON array with a warning
 * that names the topics to which rules do; else nothing.
 */
void topic_warnings(struct buf *out, const char *topic);

#endif
