/*
 * One event, from the sender's values to the receipt for the sender. Nothing
 * here depends on HTTP, so that callers without a request can use it too.
 */
#ifndef EVENT_H
#define EVENT_H

#include "unwrap.h"
#include "config.h"
#include "fault.h"
#include "receipts.h"
#include "rules.h"

enum {
	KEY_MAX = 255 /* characters of a sender's key */
};

enum event_end {
	EVENT_CHECKED, /* fit to be stored */
	EVENT_STORED,
	EVENT_DUPLICATE, /* known key: the receipt is the earlier event's */
	EVENT_REJECTED,  /* kept apart, with its faults */
	EVENT_FAILED     /* see status; unknown whether it was stored */
};

/* What an event's body is. */
enum event_form {
	EVENT_PLAIN,
	EVENT_STRUCTURED, /* a CloudEvent in JSON, whose data is the payload */
	EVENT_BINARY      /* the data of a CloudEvent, the rest in its head */
};

/* A CloudEvent's key, time and traceparent take the place of those given. */
struct event {
	/* Given by the sender; borrowed; NULL where absent. */
	enum event_form form;
	const struct cloud_head *head; /* of EVENT_BINARY */
	const char *service;           /* service_name_is_valid() holds */
	const char *body;              /* any bytes */
	size_t body_len;
	const char *key; /* event_key_is_fit() holds */
	int64_t time_us; /* since 1970; -1: the time of receipt, as in id */
	const char *request_id, *traceparent;
	const struct business *business;

	/* The id is filled by event_init(), the rest by event_check(). */
	struct id id; /* smaller than the ids of derived events */
	struct unwrapped cloud;
	struct buf payload;    /* as sent, minified */
	struct buf normalised; /* empty: the same as the payload */
	struct findings findings;
	struct faults faults;
	int64_t parse_us, rules_us; /* durations */

	enum event_end end;
	enum status status;     /* of EVENT_FAILED; not STATUS_OK */
	struct receipt receipt; /* of EVENT_STORED and EVENT_DUPLICATE */
};

/* 1 to KEY_MAX characters of UTF-8 without control characters. */
bool event_key_is_fit(const char *key);

/* Copies the sender's part of *given; the caller calls event_free(). */
void event_init(struct event *, const struct event *given);
void event_free(struct event *);

/*
 * Parses, validates and normalises the body, and evaluates the rules of its
 * service; a service without a schema takes any JSON object. Ends it as
 * EVENT_CHECKED, EVENT_REJECTED or EVENT_FAILED.
 */
void event_check(struct event *);

/* Checked, with neither a sender's key nor findings, as most events. */
bool event_is_plain(const struct event *);

/*
 * Stores checked events and keeps rejected ones apart, as store_events() says.
 * retry_schedule: for subscriptions without one of their own.
 */
void event_store(struct db *, struct event *const list[], size_t n,
    const char *retry_schedule, bool all_or_nothing);

#endif
