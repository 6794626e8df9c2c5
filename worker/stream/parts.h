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
	PARTS_EVENTS_MAX = 1000, /* events in a message */
	/* Bytes of events in a message; see nginx/nchan-smartcity-http.conf. */
	PARTS_ROOM_MAX = 256 * 1024,
	PARTS_MAX = 33 /* messages: one to all, the others to services */
};

struct stream;

/* The message that one channel gets for a batch. */
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

/* Makes the parts of a batch from the rows of stream_take, at least one. */
void parts_fill(struct parts *, const struct pg_result *);
/*
 * Makes messages without events, for "all" and the services in the rows of
 * stream_recent, because their viewers can have missed events.
 */
void parts_fill_notices(struct parts *, const struct pg_result *);

#endif
