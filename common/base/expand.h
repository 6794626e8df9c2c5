/* Expands ${NAME}, ${NAME:-text} and so on in .env, as Docker Compose does. */
#ifndef EXPAND_H
#define EXPAND_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"

struct expansion {
	struct buf *out;
	/* The variable's value, or NULL. */
	const char *(*look_up)(const void *arg, const char *name, size_t len);
	const void *arg;
	bool escapes; /* expand \n, \" and other one-letter escapes of C, and \$
		       */
	bool has_dollar; /* out: there was a $ that begins no ${…} */
};

/*
 * Appends the text from s up to end, expanded, to out. Returns NULL, or what is
 * wrong with the text.
 */
const char *expand(struct expansion *, const char *s, const char *end);

#endif
