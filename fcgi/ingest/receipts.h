/* What the senders of events are answered, read from the database. */
#ifndef RECEIPTS_H
#define RECEIPTS_H

#include <stddef.h>

#include "db.h"
#include "id.h"

struct event;

enum {
	VALUES_MAX = 256 << 20, /* bytes of one parameter of a statement */
	/*
	 * A prepared statement has a plan for about ten events, whose joins are
	 * slow for many; from this number on it is planned for the values.
	 */
	PLANNED_FROM = 64
};

/* The answer to the sender of an event. */
struct receipt {
	struct id id;
	/* One id a finding: its own, or of its incident's earlier event. */
	struct id *derived;
	int derived_count;
	bool is_other_body; /* of a duplicate: the earlier event's differs */
};

void receipt_free(struct receipt *);

/* Some events, whose numbers in a statement are their places, from 1. */
struct some {
	struct event **at;
	size_t n;
};

/*
 * Each of these fills the receipt and the end of every event that it has an
 * answer for, and removes it from the list.
 */

/* From the rows of EVENTS_INGEST, EVENTS_ANSWER or EVENTS_BY_KEYS. */
enum status receipts_read(struct some *, const struct pg_result *) MUST_CHECK;
/*
 * Of events that are stored already: their statement ran before, on a
 * connection that broke at its commit.
 */
enum status receipts_again(struct db *, struct some *) MUST_CHECK;
/* Of events whose keys exist already; the others stay in the list. */
enum status receipts_by_keys(struct db *, struct some *) MUST_CHECK;

#endif
