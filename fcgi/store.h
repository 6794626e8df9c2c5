/* Events to and from the database; knows the statements, not the requests. */
#ifndef STORE_H
#define STORE_H

#include "buf.h"
#include "db.h"
#include "id.h"

/* An event as it is to be stored; all strings are borrowed. */
struct event {
	struct id id;
	const char *service;
	const char *payload;    /* minified JSON */
	const char *normalised; /* JSON */
	const char *key;        /* the sender's, or NULL */
	const char *findings;   /* of rules_evaluate */
	int findings_count;
	/* What it and its messages carry on, or NULL. */
	const char *request_id, *traceparent;
	/* Seconds before a first attempt, of receivers that do not say. */
	const char *first_delay;
};

/* What its sender is answered. */
struct receipt {
	struct id id;
	struct buf derived; /* ids of the derived events, with commas between */
	bool is_replayed;   /* the answer is that of an earlier event */
	bool is_other_body; /* … which had another payload */
};

/* STATUS_OK fills the receipt, whose buffer the caller initialised and frees.
 */
enum status store_event(
    struct db *, const struct event *, struct receipt *) MUST_CHECK;

/* body may be any bytes; reasons is a JSON array. */
enum status store_rejected(struct db *, const char *service, const char *key,
    const char *reasons, const char *body, size_t body_len) MUST_CHECK;

#endif
