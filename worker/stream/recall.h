/*
 * Whether nginx still has the messages of the last half minute, for viewers
 * that come back. nginx loses them when it is reloaded or restarted, or when
 * one of its processes dies, and does not report the loss. But its answers say
 * how many messages it has. Pure, so that tests need no clock.
 */
#ifndef RECALL_H
#define RECALL_H

#include <stdbool.h>
#include <stdint.h>

struct recall {
	int64_t sent_ms;   /* when the last message was sent; 0: none */
	int64_t stored_ms; /* when nginx acknowledged that message */
	bool lost;         /* viewers must be told of a loss */
	int64_t tell_ms;   /* not before this time */
};

/*
 * Messages are lost, or can be. Viewers are told a second later: ids of nchan's
 * messages begin with the second, and a message of the same second could be
 * taken for one that a viewer has seen.
 */
void recall_lost(struct recall *, int64_t now_ms);
/*
 * nginx took a message sent at sent_ms; its channel now has `messages` (0:
 * unknown). The channel's previous one was sent at before_ms (0: none). False:
 * nginx has lost messages, which was not known before.
 */
bool recall_stored(struct recall *, int messages, int64_t before_ms,
    int64_t sent_ms, int64_t now_ms);
/*
 * Asked at asked_ms, nginx has `messages` in all channels (-1: unknown).
 * False: nginx has lost messages, which was not known before.
 */
bool recall_counted(
    struct recall *, int messages, int64_t asked_ms, int64_t now_ms);
/* Whether viewers must be told now. */
bool recall_is_due(const struct recall *, int64_t now_ms);

#endif
