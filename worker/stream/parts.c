#include "parts.h"

#include <stdio.h>
#include <string.h>

enum {
	FRAME_BYTES = 320, /* bytes of a message besides events and commas */
	ANSWER_BYTES = 1024
};

void
parts_init(struct parts *ps)
{
	ps->n = 0;
	strcpy(ps->behind, "0");
}

/* Finds or makes the part for the channel; NULL: too many parts or channels. */
static struct part *
get(struct parts *ps, const char *name)
{
	struct channel *c = channels_get(&ps->channels, name);
	struct part *p;

	if (c == NULL)
		return NULL;
	for (p = ps->at; p < ps->at + ps->n; p++)
		if (p->channel == c)
			return p;
	if (ps->n == PARTS_MAX) {
		channel_skip(c, ps->before);
		return NULL;
	}
	ps->n++;
	*p = (struct part){ .channel = c };
	c->busy = true;
	buf_init(&p->body, PARTS_ROOM_MAX + PARTS_EVENTS_MAX + FRAME_BYTES);
	buf_init(&p->answer, ANSWER_BYTES);
	buf_puts(&p->body, "{\"events\":[");
	return p;
}

/* Writes JSON as one line; between its values, a line break equals a space. */
static void
put_line(struct buf *out, const char *json)
{
	size_t n;

	for (;; json += n + 1) {
		n = strcspn(json, "\r\n");
		buf_put(out, json, n);
		if (json[n] == '\0')
			return;
		buf_putc(out, ' ');
	}
}

/* Adds an event, which is JSON. */
static void
add(struct part *p, const char *event)
{
	if (p == NULL)
		return;
	if (p->events++ > 0)
		buf_putc(&p->body, ',');
	put_line(&p->body, event);
}

static void
end(const struct parts *ps, struct part *p, const char *cursor)
{
	const struct channel *c = p->channel;

	buf_printf(&p->body, "],\"cursor\":\"%s\",\"after\":\"%s\"", cursor,
	    *c->last != '\0' ? c->last : ps->before);
	if (*p->channel->gap != '\0')
		buf_printf(
		    &p->body, ",\"skipped_after\":\"%s\"", p->channel->gap);
	buf_putc(&p->body, '}');
}

/* A message without events. */
static void
notice(struct parts *ps, const char *name)
{
	struct part *p = get(ps, name);

	if (p == NULL)
		return;
	channel_skip(p->channel, ps->before);
	end(ps, p, ps->behind);
}

void
parts_fill(struct parts *ps, const struct pg_result *r)
{
	char name[CHANNEL_LEN];
	struct part *all;
	int i;

	snprintf(ps->before, sizeof(ps->before), "%s",
	    pg_value(r, 0, STREAM_TAKE_BEFORE));
	/* Another worker took the events in between, or an answer was lost. */
	if (strcmp(ps->before, ps->behind) != 0)
		channels_lose(&ps->channels);
	all = get(ps, "all");
	if (pg_is_true(r, 0, STREAM_TAKE_SKIPPED))
		channels_skip(&ps->channels, ps->before);
	for (i = 0; i < pg_rows(r); i++) {
		if (pg_value(r, i, STREAM_TAKE_EVENT) == NULL)
			continue;
		snprintf(name, sizeof(name), "service.%s",
		    pg_value(r, i, STREAM_TAKE_SERVICE));
		add(all, pg_value(r, i, STREAM_TAKE_EVENT));
		add(get(ps, name), pg_value(r, i, STREAM_TAKE_EVENT));
	}
	for (i = 0; i < ps->n; i++)
		end(ps, &ps->at[i], pg_value(r, 0, STREAM_TAKE_BEHIND));
	snprintf(ps->behind, sizeof(ps->behind), "%s",
	    pg_value(r, 0, STREAM_TAKE_BEHIND));
}

void
parts_fill_notices(struct parts *ps, const struct pg_result *r)
{
	const char *cursor = pg_value(r, 0, STREAM_RECENT_CURSOR);
	char name[CHANNEL_LEN];
	int i;

	snprintf(ps->before, sizeof(ps->before), "%s",
	    pg_value(r, 0, STREAM_RECENT_MARK));
	if (strcmp(ps->behind, cursor) != 0) {
		channels_lose(&ps->channels);
		snprintf(ps->behind, sizeof(ps->behind), "%s", cursor);
	}
	notice(ps, "all");
	for (i = 0; i < pg_rows(r); i++) {
		snprintf(name, sizeof(name), "service.%s",
		    pg_value(r, i, STREAM_RECENT_SERVICE));
		notice(ps, name);
	}
}

void
parts_forget(struct parts *ps)
{
	int i;

	for (i = 0; i < ps->n; i++) {
		buf_free(&ps->at[i].body);
		buf_free(&ps->at[i].answer);
		ps->at[i].channel->busy = false;
	}
	ps->n = 0;
}
