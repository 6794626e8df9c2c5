#include "parts.h"

#include <string.h>

enum {
	FRAME_BYTES = 320, /* of a message, besides events and commas */
	ANSWER_BYTES = 1024
};

void
parts_init(struct parts *ps)
{
	ps->n = 0;
	strcpy(ps->behind, "0");
}

struct part *
parts_get(struct parts *ps, const char *name)
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

/* One line: between the values of JSON, a line's end is but a space. */
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

void
part_add(struct part *p, const char *event)
{
	if (p == NULL)
		return;
	if (p->events++ > 0)
		buf_putc(&p->body, ',');
	put_line(&p->body, event);
}

void
part_end(const struct parts *ps, struct part *p, const char *cursor)
{
	const struct channel *c = p->channel;

	buf_printf(&p->body, "],\"cursor\":\"%s\",\"after\":\"%s\"", cursor,
	    *c->last != '\0' ? c->last : ps->before);
	if (*p->channel->gap != '\0')
		buf_printf(
		    &p->body, ",\"skipped_after\":\"%s\"", p->channel->gap);
	buf_putc(&p->body, '}');
}

void
parts_notice(struct parts *ps, const char *name)
{
	struct part *p = parts_get(ps, name);

	if (p == NULL)
		return;
	channel_skip(p->channel, ps->before);
	part_end(ps, p, ps->behind);
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
