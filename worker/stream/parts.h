/*
 * A batch of events, divided into one message for each channel. The format of a
 * message is in stream.h.
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
	struct post post;      /* used by stream.c */
	struct stream *stream; /* used by stream.c */
	struct channel *channel;
	char url[128];
	struct buf body, answer;
	int events;
};

struct parts {
	struct channels channels;
	char before[CURSOR_LEN]; /* cursor at which this batch begins */
	char behind[CURSOR_LEN]; /* cursor of the last event taken or skipped */
	struct part at[PARTS_MAX];
	int n;
};

void parts_init(struct parts *);
/* Removes the parts; the channels stay. */
void parts_forget(struct parts *);

/* The parts of a batch: the rows of stream_take, at least one. */
void parts_fill(struct parts *, const struct pg_result *);
/*
 * Makes messages without events for the channels that the rows of stream_recent
 * name, whose viewers can have seen less than was sent.
 */
void parts_fill_notices(struct parts *, const struct pg_result *);

#endif
