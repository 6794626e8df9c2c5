/*
 * What requests to ingest one event and many have in common: the service, the
 * query string, the sender's key, the time of the events.
 */
#ifndef INTAKE_H
#define INTAKE_H

#include "event.h"
#include "params.h"

#define INTAKE_MISUSED_KEY "This Idempotency-Key was used with another body"

struct intake {
	const struct request *req;
	struct response *res;
	char service[65]; /* cut, a longer name is still too long */
	struct params params;
	char header_key[4 * KEY_MAX + 3];
	const char *key; /* NULL: none; else event_key_is_fit() holds */
	bool key_from_header;
	int64_t time_us; /* as in struct event */
};

/*
 * name: the service, which ends at a slash or with the text. accepted: as for
 * body_check(). False: the request was answered with an error.
 */
bool intake_open(struct intake *, const struct request *, const char *name,
    unsigned int accepted, struct response *);

/* What is given with each event of the request, except its body and key. */
struct event intake_given(const struct intake *);

/*
 * Whether the event is a duplicate of one with another body. It is an error
 * only under a key from the header: a dedupe_key and a CloudEvent's id stand
 * for the event itself.
 */
bool intake_is_misused(const struct intake *, const struct event *);

/* Writes "stored_event_id":…,"derived_events":[…]. */
void intake_put_receipt(struct buf *, const struct receipt *);

#endif
