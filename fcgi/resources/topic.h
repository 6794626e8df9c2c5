/* Topics of messages: "event." and the service of the derived event. */
#ifndef TOPIC_H
#define TOPIC_H

#include "buf.h"

/* The topic of a subscription to all messages. */
#define TOPIC_ALL "event.*"

/*
 * If no rule derives events for the topic, writes a JSON array with a warning
 * that names the topics for which rules do; else writes nothing.
 */
void topic_warnings(struct buf *out, const char *topic);

#endif
