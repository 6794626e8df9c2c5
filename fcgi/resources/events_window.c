#include "events_window.h"

#include <string.h>

#include "dbclock.h"

/* Milliseconds. */
#define WEEK INT64_C(604800000)
#define MONDAY INT64_C(345600000) /* the first one after 1970 began */

enum {
	WINDOWS = 5
};

static int64_t
week_of(int64_t ms)
{
	return (ms - MONDAY + WEEK) / WEEK * WEEK + MONDAY - WEEK;
}

struct window
window_of(const struct id *id)
{
	int64_t week = week_of(id_ms(id));

	return (struct window){ .low = id_floor(week),
		.high = id_floor(week + WEEK),
		.number = 1 };
}

struct window
window_first(const struct id *below)
{
	int64_t now = dbclock_us() / 1000;
	struct window w = window_of(below);

	if (id_ms(below) >= now) {
		w.low = id_floor(week_of(now));
		strcpy(w.high.text, ID_LAST);
	}
	return w;
}

void
window_move(struct window *w)
{
	int64_t weeks = INT64_C(1) << 2 * w->number;

	w->high = w->low;
	w->low = ++w->number == WINDOWS
	    ? id_floor(0)
	    : id_floor(id_ms(&w->high) - weeks * WEEK);
}

struct window
window_all(void)
{
	return (struct window){
		.low = id_floor(0), .high = { ID_LAST }, .number = WINDOWS
	};
}
