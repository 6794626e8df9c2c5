#include "about.h"

#include <string.h>

#include "utf8.h"

static void
add(struct about *a, struct log_field field)
{
	if (a->n < ABOUT_FIELDS)
		a->fields[a->n++] = field;
}

void
about_number(struct about *a, const char *name, long long number)
{
	add(a, (struct log_field){ name, NULL, number });
}

void
about_text(struct about *a, const char *name, const char *text)
{
	if (text != NULL && *text != '\0')
		add(a, (struct log_field){ name, text, 0 });
}

void
about_attempt(struct about *a, const struct message *m,
    const char *subscription_id, int attempt)
{
	about_text(a, "request_id", m->request_id);
	about_text(a, "topic", m->topic);
	about_text(a, "message_id", m->id);
	about_text(a, "subscription_id", subscription_id);
	about_number(a, "attempt", attempt);
}

void
about_receiver(struct about *a, const char *description, const char *url)
{
	size_t n = 0;

	if (description != NULL) {
		n = utf8_prefix(description, ABOUT_DESCRIPTION);
		memcpy(a->description, description, n);
	}
	a->description[n] = '\0';
	url_host(url, a->host);
	about_text(a, "description", a->description);
	about_text(a, "host", a->host);
}
