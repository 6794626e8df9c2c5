/*
 * One event, from the sender's values to the receipt for the sender. Nothing
 * here depends on HTTP, so that callers without a request can use it too.
 */
#ifndef EVENT_H
#define EVENT_H

#include "config.h"
#include "fault.h"
#include "json.h"
#include "rules.h"
#include "store.h"

enum {
	KEY_MAX = 255 /* characters of a sender's key */
};

struct event {
	/* Given by the sender; borrowed; NULL where absent. */
	const char *service; /* service_name_is_valid() holds */
	const char *body;    /* any bytes */
	size_t body_len;
	const char *key; /* event_key_is_fit() holds */
	const char *request_id, *traceparent;

	/* The id is filled by event_init(), the rest by event_check(). */
	struct id id; /* smaller than the ids of derived events */
	struct json *document;
	struct buf normalised;
	struct findings findings;
	struct faults faults;
	int64_t parse_us, rules_us; /* durations */
};

enum event_end {
	EVENT_STORED,
	EVENT_DUPLICATE, /* known key: the receipt is the earlier event's */
	EVENT_REJECTED,  /* kept apart, with its faults */
	EVENT_FAILED     /* see *status; unknown whether it was stored */
};

/* 1 to KEY_MAX characters of UTF-8 without control characters. */
bool event_key_is_fit(const char *key);

/* Copies the sender's part of *given; the caller calls event_free(). */
void event_init(struct event *, const struct event *given);
void event_free(struct event *);

/*
 * Parses, validates and normalises the body, and evaluates the rules of its
 * service; a service without a schema takes any JSON object. STATUS_REJECT: the
 * faults say why.
 */
enum status event_check(struct event *, const struct business *) MUST_CHECK;

/*
 * Checks the event and stores it; a rejected one is kept apart, with its
 * faults. retry_schedule: for subscriptions without one of their own. The
 * caller frees the receipt. *status is STATUS_OK unless EVENT_FAILED is
 * returned.
 */
enum event_end event_ingest(struct db *, struct event *,
    const struct business *, const char *retry_schedule, struct receipt *,
    enum status *);

#endif
