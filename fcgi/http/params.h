/* A query string: split at &, then decoded (WHATWG form encoding). */
#ifndef PARAMS_H
#define PARAMS_H

#include "problem.h"

enum {
	PARAMS_MAX = 32,
	PARAMS_TEXT_MAX = 8192
};

struct params {
	struct {
		const char *name, *value;
	} at[PARAMS_MAX];
	int n;
	char text[PARAMS_TEXT_MAX];
};

/* NULL, or why the string is refused: a static phrase. */
const char *params_parse(struct params *, const char *query);
/* The last value of that name, as in the Python system; NULL if absent. */
const char *params_get(const struct params *, const char *name);

/*
 * Reads a whole number; *out keeps its value if the parameter is absent. Adds a
 * fault if the parameter is no number or below min.
 */
void params_int(const struct params *, const char *name, long long min,
    long long *out, struct faults *);

#endif
