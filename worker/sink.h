/*
 * Where messages go. A sink is one file in sinks/ with one const struct at its
 * bottom, and one line in sinks/sinks.def; it includes this header and what it
 * needs of common/, nothing else of the worker.
 */
#ifndef SINK_H
#define SINK_H

#include <stddef.h>

#include "message.h"
#include "status.h"

struct sink {
	const char *name;
	/*
	 * Delivers at least once: STATUS_OK only when the message is in other
	 * hands. STATUS_REJECT: it will never be taken, do not try again; any
	 * other: try again later. Unless OK, error is one line that says why.
	 */
	enum status (*publish)(const struct message *, char *error, size_t n);
};

#define SINK(name) extern const struct sink sink_##name;
#include "sinks/sinks.def"
#undef SINK

const struct sink *sink_find(const char *name); /* NULL: there is none */
/* The names of all sinks, for messages: "log, webhook". */
void sink_names(char *out, size_t n);

#endif
