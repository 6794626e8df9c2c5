/*
 * A batch of events by channels: what one message to each of them says. Its
 * form is in stream.h.
 */
#ifndef PARTS_H
#define PARTS_H

#include "buf.h"
#include "channels.h"
#include "db.h"
#include "post.h"

enum {
	PARTS_EVENTS_MAX = 1000, /* in a message */
	/* Bytes of events in it; see nginx/nchan-smartcity-http.conf. */
	PARTS_ROOM_MAX = 256 * 1024,
	PARTS_MAX = 33 /* one to all, the others to services */
};

struct stream;

/* A batch as one channel gets it. */
struct part {
	struct post post;      /* its way to nginx is stream.c's */
	struct stream *stream; /* likewise */
	struct channel *channel;
	char url[128];
	struct buf body, answer;
	int events;
};

struct parts {
	struct channels channels;
	char before[CURSOR_LEN]; /* where this batch begins */
	char behind[CURSOR_LEN]; /* up to here all was taken or passed over */
	struct part at[PARTS_MAX];
	int n;
};

void parts_init(struct parts *);
/* Empty again; the channels stay. */
void parts_forget(struct parts *);

/* The parts of a batch: the rows of stream_take, at least one. */
void parts_fill(struct parts *, const struct pg_result *);
/*
 * Messages without events, to the channels that stream_recent names: viewers
 * there may have seen less than was sent.
 */
void parts_fill_notices(struct parts *, const struct pg_result *);

#endif
