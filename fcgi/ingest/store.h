/* Stores events in the database; knows the statements, but no requests. */
#ifndef STORE_H
#define STORE_H

#include "db.h"
#include "id.h"

struct event;

/* The answer to the sender of an event. */
struct receipt {
	struct id id;
	/* One id a finding: its own, or of its incident's earlier event. */
	struct id *derived;
	int derived_count;
	bool is_replayed;   /* the answer is that of an earlier event */
	bool is_other_body; /* … whose payload differs from the new one */
};

/*
 * For an event that passed event_check(). STATUS_OK fills the receipt, which
 * the caller frees.
 */
enum status store_event(struct db *, const struct event *,
    const char *retry_schedule, struct receipt *) MUST_CHECK;
void receipt_free(struct receipt *);

/* Stores a rejected event, its body as it was sent; reasons: a JSON array. */
enum status store_rejected(
    struct db *, const struct event *, const char *reasons) MUST_CHECK;

#endif
