/*
 * One event, from what its sender gave to what its sender is answered: values
 * in, values out. It knows no HTTP, so that a request, one of a batch, a
 * replayed refusal and a rule's trial take the same way.
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
	/* What its sender gave, borrowed; NULL is absent. */
	const char *service; /* a name that service_name_is_valid() */
	const char *body;    /* any bytes */
	size_t body_len;
	const char *key; /* one that event_key_is_fit() */
	const char *request_id, *traceparent;

	/* What event_check() makes of it. */
	struct id id; /* smaller than those of the events derived from it */
	struct json *document;
	struct buf normalised;
	struct findings findings;
	struct faults faults;
	int64_t parse_us, rules_us; /* how long that took */
};

enum event_end {
	EVENT_STORED,
	EVENT_DUPLICATE, /* the key was used before: the receipt is that event's
			  */
	EVENT_REJECTED,  /* kept with its faults, to be replayed */
	EVENT_FAILED     /* see the status; whether it was stored is unknown */
};

/* 1 to KEY_MAX characters of UTF-8 without control characters. */
bool event_key_is_fit(const char *key);

/* Fills what the sender gave from *given; the caller frees it. */
void event_init(struct event *, const struct event *given);
void event_free(struct event *);

/*
 * Parses, validates, normalises, and evaluates the rules of its service; a
 * service without a schema takes any JSON object. STATUS_REJECT: faults say
 * why.
 */
enum status event_check(struct event *, const struct business *) MUST_CHECK;

/*
 * Checks it and stores it, or keeps what cannot be stored with its faults.
 * retry_schedule: for receivers without one of their own. The caller frees the
 * receipt. *status is STATUS_OK unless EVENT_FAILED.
 */
enum event_end event_ingest(struct db *, struct event *,
    const struct business *, const char *retry_schedule, struct receipt *,
    enum status *);

#endif
