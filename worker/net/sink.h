/*
 * Where messages go. A sink is one file in sinks/ with one const struct at its
 * bottom, and one line in sinks/sinks.def. It works without ever waiting: what
 * takes time goes on while the worker does other things, and wakes it by fd.
 */
#ifndef SINK_H
#define SINK_H

#include <stdbool.h>

#include "config.h"
#include "message.h"
#include "net.h"
#include "status.h"

enum {
	SINKS_MAX = 8
};

struct sink {
	const char *name;
	const char
	    *schemes; /* of URLs, each with a space behind: "http https " */
	/*
	 * Once, before all else; net is kept by reference. STATUS_REJECT: a
	 * setting is wrong, in error.
	 */
	enum status (*open)(
	    const struct config *, const struct net *, char error[256]);
	/*
	 * Readable when work() has something to do. Both are NULL for a sink
	 * that needs the HTTP client alone, which has a file of its own.
	 */
	int (*fd)(void);
	void (*work)(void);
	/*
	 * Begins an attempt. The sink uses it until it calls attempt->done(),
	 * from here or from work(), after timeout_ms or little more at most.
	 */
	void (*start)(struct attempt *);
	/*
	 * Ends all attempts in hand with ERROR_INTERNAL: nobody knows whether
	 * their receivers took them. May come without open() before it.
	 */
	void (*close)(void);
};

#define SINK(name) extern const struct sink sink_##name;
#include "sinks.def"
#undef SINK

/* The sink for that URL by its scheme; NULL: there is none. */
const struct sink *sink_find(const char *url);
/* The i-th of all sinks; NULL behind the last. */
const struct sink *sink_at(int i);

#endif
