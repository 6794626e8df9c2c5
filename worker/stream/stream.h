/*
 * The live stream sends every committed event, base and derived, to nginx,
 * whose module nchan serves the viewers. Each event is sent at most once:
 * events that cannot be sent in time are skipped, and the next message says so.
 * A message is one line of JSON:
 *
 * 	{"events":[as GET /events],"cursor":"…","after":"…","skipped_after":"…"}
 *
 * The three cursors are for GET /events?after=. `after` is the cursor of the
 * channel's previous message, or a later cursor if that one is unknown: a
 * viewer whose last message had another cursor can have missed events.
 * skipped_after is present if events were skipped between it and `cursor`, or
 * if nginx has lost messages that it kept for viewers that come back.
 */
#ifndef STREAM_H
#define STREAM_H

#include <stdbool.h>

#include "config.h"
#include "db.h"
#include "post.h"

struct stream;

/*
 * Keeps the config and the client by reference. *out is NULL if no stream is
 * configured. STATUS_REJECT: a setting is wrong; STATUS_FAULT: out of memory;
 * error has the reason.
 */
enum status stream_open(struct stream **out, const struct config *,
    struct post_client *, char error[256]) MUST_CHECK;
/* Call it after net_close(), which ends the posts. NULL is fine. */
void stream_close(struct stream *);
/*
 * Takes the events committed since the last call and posts them, unless posts
 * have not ended yet or nobody watches. Call it a few times a second. Returns
 * another status than STATUS_OK only if the database failed. NULL is fine.
 */
enum status stream_tick(struct stream *, struct db *) MUST_CHECK;

/* Whether no post is being sent; true for NULL. */
bool stream_is_idle(const struct stream *);

#endif
