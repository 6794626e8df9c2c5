/* The rows of GET /events with filters, from an index or in bounded time. */
#ifndef EVENTS_SEARCH_H
#define EVENTS_SEARCH_H

#include "db.h"
#include "id.h"
#include "rfc3339.h"

/* The filters of a page; NULL: no such filter. */
struct events_filter {
	struct id since; /* the least id */
	struct id until; /* exclusive */
	const char *service;
	const struct id *source;
	const char *key;
	const char *derived; /* "true" or "false" */
	bool has_time;       /* from or to */
	int64_t from, to;    /* of "timestamp", in us; to is exclusive */
};

struct search {
	const struct events_filter *filter;
	struct id bottom; /* no event that passes has a smaller id */
	/*
	 * What an index does not decide is looked for in this many rows, and
	 * then where these ended: see events_search_end().
	 */
	bool picks;
	/* For from and to: those of events that have their time from receipt.
	 */
	struct id plain_low, plain_high;
	/* Events with a time of their own are not read with the others. */
	bool has_own;
	char from[RFC3339_LEN + 1], to[RFC3339_LEN + 1];
};

/* Of which ids a statement is to read: from low, below both of the others. */
struct span {
	struct id below; /* the cursor, exclusive */
	struct id low, high;
};

bool events_search_is_needed(const struct events_filter *);
/*
 * For from and to, looks how many events below the cursor have a time of their
 * own; not with an offset, whose rows are counted one by one.
 */
enum status events_search_open(struct search *, struct db *,
    const struct events_filter *, const struct id *below,
    long long offset) MUST_CHECK;
/* The rows that pass. */
enum status events_search_read(const struct search *, struct db *,
    const struct span *, const char *limit, const char *offset,
    struct pg_result **) MUST_CHECK;
/* If has_own: those rows that pass, likewise. */
enum status events_search_own(const struct search *, struct db *,
    const struct span *, const char *limit, struct pg_result **) MUST_CHECK;
/*
 * Whether events_search_read() looks at fewer rows than there are: then *end is
 * the id of the last one.
 */
enum status events_search_end(const struct search *, struct db *,
    const struct span *, bool *is_cut, struct id *end) MUST_CHECK;

#endif
