/*
 * Does nginx still have the messages of the last half minute, for viewers that
 * come back? It forgets them when it is reloaded or restarted, or a process of
 * its dies, and says nothing: but it answers with how many it has. Pure, so
 * that tests need no clock.
 */
#ifndef RECALL_H
#define RECALL_H

#include <stdbool.h>
#include <stdint.h>

struct recall {
	int64_t sent_ms;   /* the last message that it took; 0: none */
	int64_t stored_ms; /* when it had said so */
	bool lost;         /* viewers are to be told */
	int64_t tell_ms;   /* but not before */
};

/*
 * Messages are, or may be, lost. They are told of a second later: ids of
 * messages begin with the second, and one of the same second could be taken for
 * older than what a viewer has seen.
 */
void recall_lost(struct recall *, int64_t now_ms);
/*
 * It took a message that was sent at sent_ms, and has so many of that channel
 * now (0: unknown); the one before, of this channel, was sent at before_ms (0:
 * none). False: it has forgotten, which was not known.
 */
bool recall_stored(struct recall *, int messages, int64_t before_ms,
    int64_t sent_ms, int64_t now_ms);
/*
 * Asked at asked_ms, it has so many messages of all channels (-1: unknown).
 * False: it has forgotten, which was not known.
 */
bool recall_counted(
    struct recall *, int messages, int64_t asked_ms, int64_t now_ms);
/* Viewers are to be told now. */
bool recall_is_due(const struct recall *, int64_t now_ms);

#endif
