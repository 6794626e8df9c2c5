/*
 * The channels of the live stream, and of each the cursor behind which its
 * viewers may have missed events and were not told yet: its gap.
 */
#ifndef CHANNELS_H
#define CHANNELS_H

#include <stdbool.h>
#include <stdint.h>

enum {
	CHANNELS_MAX = 256,
	CHANNEL_LEN = 72, /* "service." and a name */
	CURSOR_LEN = 64
};

struct channel {
	char name[CHANNEL_LEN];
	char gap[CURSOR_LEN];  /* "": none */
	char last[CURSOR_LEN]; /* of the last message on it; "": unknown */
	int64_t sent_ms;       /* when that was sent; 0: unknown */
	bool busy;             /* not to be forgotten now */
};

/* Channels that are not in the table may have missed what lies behind `gap`. */
struct channels {
	struct channel at[CHANNELS_MAX];
	int n, next;
	char gap[CURSOR_LEN];
};

/*
 * The channel of that name, "all" or "service.NAME". When there are too many,
 * one that is not busy is forgotten for it; NULL where all are.
 */
struct channel *channels_get(struct channels *, const char *name);
/* Events behind that cursor were skipped, which belonged to who knows whom. */
void channels_skip(struct channels *, const char *cursor);
/* The same for one; an older gap remains. */
void channel_skip(struct channel *, const char *cursor);
/* What was on the channels last is not known any more. */
void channels_lose(struct channels *);

#endif
