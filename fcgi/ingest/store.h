/* Events to and from the database; knows the statements, not the requests. */
#ifndef STORE_H
#define STORE_H

#include "db.h"
#include "id.h"

struct event;

/* What its sender is answered. */
struct receipt {
	struct id id;
	/* One for each finding: its own, or an earlier event of its incident.
	 */
	struct id *derived;
	int derived_count;
	bool is_replayed;   /* the answer is that of an earlier event */
	bool is_other_body; /* … which had another payload */
};

/*
 * Of an event that event_check() found fit. STATUS_OK fills the receipt, which
 * the caller frees.
 */
enum status store_event(struct db *, const struct event *,
    const char *retry_schedule, struct receipt *) MUST_CHECK;
void receipt_free(struct receipt *);

/* As it was sent; reasons is a JSON array. */
enum status store_rejected(
    struct db *, const struct event *, const char *reasons) MUST_CHECK;

#endif
