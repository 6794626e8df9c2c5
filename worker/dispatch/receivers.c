#include "receivers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	LATE_COMMIT_MS = 3000, /* longest time that an ingest takes to commit */
	EVER_SECONDS = 1000000000
};

void
receivers_init(struct receivers *all)
{
	*all = (struct receivers){ .seen_ms = RECEIVERS_NEVER };
}

struct receiver *
receiver_get(struct receivers *all, const char *id)
{
	struct receiver **bucket, *r;
	unsigned int hash = 0;
	const char *p;

	for (p = id; *p != '\0'; p++)
		hash = hash * 31 + (unsigned char)*p;
	bucket = &all->buckets[hash % RECEIVER_BUCKETS];
	for (r = *bucket; r != NULL; r = r->next)
		if (strcmp(r->id, id) == 0)
			return r;
	r = calloc(1, sizeof(*r));
	if (r == NULL)
		return NULL;
	snprintf(r->id, sizeof(r->id), "%s", id);
	r->last = &r->first;
	r->lane.seen_ms = all->seen_ms;
	r->next = *bucket;
	*bucket = r;
	r->next_of_all = all->list;
	all->list = r;
	return r;
}

void
receivers_free(struct receivers *all)
{
	struct receiver *r;

	while ((r = all->list) != NULL) {
		all->list = r->next_of_all;
		free(r);
	}
}

int
receivers_left(const struct receivers *all, int max)
{
	const struct receiver *r;

	for (r = all->list; r != NULL; r = r->next_of_all)
		if (!lane_is_quick(&r->lane))
			max -= r->lane.held;
	return max;
}

double
receivers_back(int64_t seen_ms, int64_t now_ms)
{
	if (seen_ms == RECEIVERS_NEVER)
		return EVER_SECONDS;
	return (double)(now_ms - seen_ms + LATE_COMMIT_MS) / 1000;
}

void
receivers_put_lanes(struct receivers *all, struct buf *out, int left,
    int64_t now_ms, bool sweep)
{
	struct receiver *r;

	buf_reset(out);
	for (r = all->list; r != NULL; r = r->next_of_all) {
		r->got = 0;
		r->room = lane_room(&r->lane, left);
		if (!lane_is_quick(&r->lane))
			left -= r->room;
		buf_printf(out, "%s{\"id\":\"%s\",\"room\":%d",
		    out->len == 0 ? "[" : ",", r->id, r->room);
		if (!sweep)
			buf_printf(out, ",\"back\":%.3f",
			    receivers_back(r->lane.seen_ms, now_ms));
		buf_putc(out, '}');
	}
	buf_puts(out, out->len == 0 ? "[]" : "]");
}

bool
receivers_seen(
    struct receivers *all, int64_t now_ms, bool is_cut_off, bool sweep)
{
	bool is_behind = is_cut_off, is_short;
	struct receiver *r;

	for (r = all->list; r != NULL; r = r->next_of_all) {
		is_short = r->got < r->room;
		if (is_short && !is_cut_off)
			r->lane.seen_ms = now_ms;
		else if (sweep)
			r->lane.seen_ms = RECEIVERS_NEVER;
		is_behind = is_behind || !is_short;
	}
	if (!is_cut_off)
		all->seen_ms = now_ms;
	else if (sweep)
		all->seen_ms = RECEIVERS_NEVER;
	return is_behind;
}
