/*
 * A page of events reads windows of time, newest first, until it is full: each
 * names only some partitions, so that a page costs the same however many there
 * are. The first window is a week, as a partition is; each further one is four
 * times as long as the one before, the fifth has all the rest.
 */
#ifndef EVENTS_WINDOW_H
#define EVENTS_WINDOW_H

#include "id.h"

struct window {
	struct id low, high; /* ids from low to below high */
	int number;
};

/* The week that an id is of. */
struct window window_of(const struct id *);
/*
 * The window of the newest event below a cursor. Events can be ahead of the
 * clock, so the newest window has no end.
 */
struct window window_first(const struct id *below);
void window_move(struct window *);
/* All ids. */
struct window window_all(void);

#endif
