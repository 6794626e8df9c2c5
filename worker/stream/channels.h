/*
 * The channels of the live stream. A channel has a gap while its viewers can
 * have missed events and have not been told: the cursor after which events can
 * be missing.
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
	char last[CURSOR_LEN]; /* cursor of its last message; "": unknown */
	int64_t sent_ms;       /* when its last message was sent; 0: unknown */
	bool busy; /* a message is being sent on it: do not forget it */
};

/* The table; viewers of other channels can have missed events after `gap`. */
struct channels {
	struct channel at[CHANNELS_MAX];
	int n, next;
	char gap[CURSOR_LEN];
};

/*
 * Finds or makes the channel `name`, "all" or "service.NAME". If the table is
 * full, a channel that is not busy is forgotten; NULL: all are busy.
 */
struct channel *channels_get(struct channels *, const char *name);
/* Events after `cursor` were skipped; they can concern every channel. */
void channels_skip(struct channels *, const char *cursor);
/* Events after `cursor` were skipped on one channel; an older gap stays. */
void channel_skip(struct channel *, const char *cursor);
/* The last cursor of every channel has become unknown. */
void channels_lose(struct channels *);

#endif
