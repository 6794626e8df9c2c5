/* Events to and from the database; knows the statements, not the requests. */
#ifndef STORE_H
#define STORE_H

#include "db.h"
#include "rules.h"

/* An event as it is to be stored; all strings are borrowed. */
struct event {
	struct id id;
	const char *service;
	const char *payload;    /* minified JSON */
	const char *normalised; /* JSON */
	const char *key;        /* the sender's, or NULL */
	const struct findings *findings;
	/* What it and its messages carry on, or NULL. */
	const char *request_id, *traceparent;
	/* Seconds before a first attempt, of receivers that do not say. */
	const char *first_delay;
};

/* What its sender is answered. */
struct receipt {
	struct id id;
	/* One for each finding: its own, or an earlier event of its incident. */
	struct id *derived;
	int derived_count;
	bool is_replayed;   /* the answer is that of an earlier event */
	bool is_other_body; /* … which had another payload */
};

/* STATUS_OK fills the receipt, which the caller frees. */
enum status store_event(
    struct db *, const struct event *, struct receipt *) MUST_CHECK;
void receipt_free(struct receipt *);

/* body may be any bytes; reasons is a JSON array. */
enum status store_rejected(struct db *, const char *service, const char *key,
    const char *reasons, const char *body, size_t body_len) MUST_CHECK;

#endif
