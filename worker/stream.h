/*
 * The live stream: every committed event, base and derived, to nginx, whose
 * module nchan holds the viewers. At most once: what cannot be sent in time is
 * skipped, and the next message says so; only what a killed worker had in hand
 * is missed without a word. A message is one line of JSON:
 *
 *	{"events":[as GET /events],"cursor":"…","skipped_after":"…"}
 *
 * Both cursors are for GET /events?after=. skipped_after is there where events
 * were skipped between it and the cursor.
 */
#ifndef STREAM_H
#define STREAM_H

#include <stdbool.h>

#include "config.h"
#include "db.h"

struct stream;

/*
 * Keeps the config by reference. *out is NULL where none is configured.
 * STATUS_REJECT: a setting is wrong, STATUS_FAULT: out of memory; in error.
 */
enum status stream_open(
    struct stream **out, const struct config *, char error[256]) MUST_CHECK;
/* After post_close(), which ends what is under way. NULL is fine. */
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
