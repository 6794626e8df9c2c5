#include "channels.h"

#include <stdio.h>
#include <string.h>

static void
skip(char gap[CURSOR_LEN], const char *cursor)
{
	if (*gap == '\0')
		snprintf(gap, CURSOR_LEN, "%s", cursor);
}

void
channel_skip(struct channel *c, const char *cursor)
{
	skip(c->gap, cursor);
}

void
channels_skip(struct channels *cs, const char *cursor)
{
	int i;

	for (i = 0; i < cs->n; i++)
		skip(cs->at[i].gap, cursor);
	skip(cs->gap, cursor);
}

void
channels_lose(struct channels *cs)
{
	int i;

	for (i = 0; i < cs->n; i++)
		*cs->at[i].last = '\0';
}

/* A free place, else the next that is not busy; NULL: all are busy. */
static struct channel *
place(struct channels *cs)
{
	struct channel *c;
	int i;

	if (cs->n < CHANNELS_MAX)
		return &cs->at[cs->n++];
	for (i = 0; i < CHANNELS_MAX; i++) {
		c = &cs->at[cs->next];
		cs->next = (cs->next + 1) % CHANNELS_MAX;
		if (c->busy)
			continue;
		if (*c->gap != '\0')
			skip(cs->gap, c->gap);
		return c;
	}
	return NULL;
}

struct channel *
channels_get(struct channels *cs, const char *name)
{
	struct channel *c;
	int i;

	for (i = 0; i < cs->n; i++)
		if (strcmp(cs->at[i].name, name) == 0)
			return &cs->at[i];
	if ((c = place(cs)) == NULL)
		return NULL;
	*c = (struct channel){ .busy = false };
	snprintf(c->name, sizeof(c->name), "%s", name);
	skip(c->gap, cs->gap);
	return c;
}
