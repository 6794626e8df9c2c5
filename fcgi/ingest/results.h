/* How each event of a batch ended, and what the sender is told about it. */
#ifndef RESULTS_H
#define RESULTS_H

#include "event.h"
#include "score.h"

struct entry {
	struct event event;
	char *key;       /* the header's or the query's, with the index */
	bool too_large;  /* for a single request too; it is not checked */
	bool is_misused; /* its key was used with another body */
};

struct results {
	const struct entry *entries;
	size_t n;
	bool is_stored; /* false: not even the good ones were */
	bool minimal;   /* results of status 200 are left out */
	size_t ends[OUTCOMES];
};

/* Counts how the events ended, in `ends`. */
void results_count(struct results *);
/* Writes the body of the answer: the counts, and the results in order. */
void results_write(struct buf *, const struct results *);

#endif
