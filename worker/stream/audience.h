/*
 * Does anybody watch the live stream? nginx is asked for the number of its
 * viewers (nchan_stub_status), again and again. One that left may come back by
 * Last-Event-ID for as long as nginx keeps messages, and counts until then.
 */
#ifndef AUDIENCE_H
#define AUDIENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "post.h"

struct audience {
	struct post_client *http;
	const char *socket;
	/* Told of each answer, and of what came instead of one. */
	void (*heard)(void *arg, const struct post *);
	void *arg;

	struct post post;
	struct buf answer;
	bool asking;
	int64_t asked_ms; /* when nginx was asked last */
	int64_t until_ms; /* until then somebody may be watching; 0: nobody */
	int stored; /* messages that nginx keeps; -1: the answer did not say */
};

/*
 * From now on as if somebody had just left: a worker that begins does not know
 * who watched before.
 */
void audience_presume(struct audience *, int64_t now_ms);
/* Asks, unless the answer to the last time is still to come. */
void audience_ask(struct audience *);
/* As of the last answer: nobody, before the first. */
bool audience_is_there(const struct audience *, int64_t now_ms);
/* After net_close(). */
void audience_close(struct audience *);

#endif
