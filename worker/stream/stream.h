/*
 * The live stream: every committed event, base and derived, to nginx, whose
 * module nchan holds the viewers. At most once: what cannot be sent in time is
 * skipped, and the next message says so. A message is one line of JSON:
 *
 *	{"events":[as GET /events],"cursor":"…","after":"…","skipped_after":"…"}
 *
 * All three are for GET /events?after=. `after` is the cursor of the message
 * before on the same channel, or a later one where that is not known: a viewer
 * that saw another one last may have missed something, whoever is to blame.
 * skipped_after is there where events were skipped between it and the cursor,
 * or nginx has lost what it kept for viewers that come back.
 */
#ifndef STREAM_H
#define STREAM_H

#include <stdbool.h>

#include "config.h"
#include "db.h"
#include "post.h"

struct stream;

/*
 * Keeps the config and the client by reference. *out is NULL where none is
 * configured. STATUS_REJECT: a setting is wrong, STATUS_FAULT: out of memory;
 * in error.
 */
enum status stream_open(struct stream **out, const struct config *,
    struct post_client *, char error[256]) MUST_CHECK;
/* After net_close(), which ends what is under way. NULL is fine. */
void stream_close(struct stream *);
/*
 * Takes what was committed since the last time and posts it, unless that is
 * still going on, or nobody watches. To be called a few times a second. Not OK
 * only when the database failed. NULL is fine.
 */
enum status stream_tick(struct stream *, struct db *) MUST_CHECK;

/* Nothing is under way. NULL is. */
bool stream_is_idle(const struct stream *);

#endif
