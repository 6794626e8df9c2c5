/* The fields of a log line that say which message and receiver it is about. */
#ifndef ABOUT_H
#define ABOUT_H

#include "log.h"
#include "message.h"
#include "url.h"

enum {
	ABOUT_FIELDS = 12,
	ABOUT_DESCRIPTION = 100 /* most characters of a description */
};

/* Must be { 0 } at first; log_about() takes about.fields. */
struct about {
	struct log_field fields[ABOUT_FIELDS + 1];
	int n;
	char host[URL_HOST_MAX + 1];
	char description[ABOUT_DESCRIPTION * 4 + 1];
};

void about_number(struct about *, const char *name, long long);
/* Adds a field, unless the value is NULL or ""; keeps it by reference. */
void about_text(struct about *, const char *name, const char *);
/* Adds the fields of a message and of an attempt to deliver it. */
void about_attempt(struct about *, const struct message *,
    const char *subscription_id, int attempt);
/*
 * Adds the description of a subscription and the host of its URL, by which
 * people recognise it. Either argument can be NULL.
 */
void about_receiver(struct about *, const char *description, const char *url);

#endif
