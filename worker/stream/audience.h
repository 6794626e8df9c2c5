/*
 * Whether anybody watches the live stream. The worker asks nginx repeatedly for
 * the number of viewers (nchan_stub_status). A viewer that has left can come
 * back with Last-Event-ID while nginx keeps messages, so the worker counts such
 * a viewer too.
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
	/* Called with each answer, and after each request that failed. */
	void (*heard)(void *arg, const struct post *);
	void *arg;

	struct post post;
	struct buf answer;
	bool asking;
	int64_t asked_ms; /* when nginx was asked last */
	int64_t until_ms; /* until then somebody may be watching; 0: nobody */
	int stored;       /* number of messages in nginx; -1: unknown */
};

/*
 * Behaves from now on as if a viewer had just left, because a worker that
 * starts does not know who watched before.
 */
void audience_presume(struct audience *, int64_t now_ms);
/* Asks nginx, unless it is still waiting for an answer. */
void audience_ask(struct audience *);
/* Whether a viewer was there, or presumed, within the last 35 s. */
bool audience_is_there(const struct audience *, int64_t now_ms);
/* Call it after net_close(). */
void audience_close(struct audience *);

#endif
