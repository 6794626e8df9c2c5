/* The fields of a log line that say which message and receiver it is about. */
#ifndef ABOUT_H
#define ABOUT_H

#include "log.h"
#include "message.h"
#include "url.h"

enum {
	ABOUT_FIELDS = 12,
	ABOUT_DESCRIPTION = 100 /* characters of it */
};

/* Starts as { 0 }; goes to log_about() as about.fields. */
struct about {
	struct log_field fields[ABOUT_FIELDS + 1];
	int n;
	char host[URL_HOST_MAX + 1];
	char description[ABOUT_DESCRIPTION * 4 + 1];
};

void about_number(struct about *, const char *name, long long);
/* Adds a field, unless its value is NULL or "". Kept by reference. */
void about_text(struct about *, const char *name, const char *);
/* Adds a message, and the attempt to deliver it to a subscription. */
void about_attempt(struct about *, const struct message *,
    const char *subscription_id, int attempt);
/*
 * Adds what people know a subscription by: its description and the host of its
 * URL. Either can be NULL.
 */
void about_receiver(struct about *, const char *description, const char *url);

#endif
