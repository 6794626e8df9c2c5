#include "topic.h"

#include <string.h>

#include "service.h"

enum {
	TOPICS_MAX = 64,
	WARNING_MAX = 8192
};

struct topics {
	const char *services[TOPICS_MAX];
	int n;
};

static bool
has(const struct topics *t, const char *service)
{
	int i;

	for (i = 0; i < t->n; i++)
		if (strcmp(t->services[i], service) == 0)
			return true;
	return false;
}

static void
add_those_of(struct topics *t, const struct rule *rule)
{
	const struct derived *d;

	for (d = rule->derives; d->service != NULL; d++)
		if (t->n < TOPICS_MAX && !has(t, d->service))
			t->services[t->n++] = d->service;
}

static struct topics
derived_to(void)
{
	const struct service *const *s;
	const struct rule *rule;
	struct topics t = { 0 };

	for (s = service_all(); *s != NULL; s++)
		for (rule = (*s)->rules; rule->id != NULL; rule++)
			add_those_of(&t, rule);
	return t;
}

void
topic_warnings(struct buf *out, const char *topic)
{
	struct topics t = derived_to();
	const char *dot = strchr(topic, '.');
	struct buf text;
	int i;

	if (strcmp(topic, TOPIC_ALL) == 0 || (dot != NULL && has(&t, dot + 1)))
		return;
	buf_init(&text, WARNING_MAX);
	buf_printf(&text,
	    "topic: no rule derives an event to %s, so nothing will be "
	    "delivered; rules derive to",
	    topic);
	for (i = 0; i < t.n; i++)
		buf_printf(
		    &text, "%s event.%s", i > 0 ? "," : "", t.services[i]);
	buf_putc(out, '[');
	buf_json_string(out, text.data, text.len);
	buf_putc(out, ']');
	buf_free(&text);
}
