/* The items of a batch: the lines of NDJSON, or the elements of a JSON array.
 */
#ifndef ITEMS_H
#define ITEMS_H

#include <stdbool.h>
#include <stddef.h>

struct items {
	const char *p, *end;
	bool is_array;
};

struct item {
	const char *text; /* inside the body */
	size_t len;
};

/* is_array: the body is an array that validate_array() accepts. */
void items_init(struct items *, const char *body, size_t len, bool is_array);
/* The next item; blank lines are left out. False: there are no more. */
bool items_next(struct items *, struct item *);

#endif
