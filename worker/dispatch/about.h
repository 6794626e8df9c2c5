/* What a line of the log is about: the fields that go into it. */
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
/* Left out where it is NULL or "". Kept by reference. */
void about_text(struct about *, const char *name, const char *);
/* A message, and the attempt at hand to deliver it to a subscription. */
void about_attempt(struct about *, const struct message *,
    const char *subscription_id, int attempt);
/*
 * What people know a subscription by: its description and the host of its URL.
 * Either may be NULL.
 */
void about_receiver(struct about *, const char *description, const char *url);

#endif
