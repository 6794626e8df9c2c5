/*
 * A sink delivers messages to one kind of receiver. It is one file in sinks/
 * with one const struct at its end, and one line in sinks/sinks.def. It never
 * blocks: its descriptor becomes readable when there is work to do.
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
	const char *schemes; /* each followed by a space: "http https " */
	/*
	 * Called once, before fd, work and start; net is kept by reference.
	 * STATUS_REJECT: error says which setting is wrong.
	 */
	enum status (*open)(
	    const struct config *, const struct net *, char error[256]);
	/*
	 * A descriptor that is readable when work() has something to do. Both
	 * are NULL for a sink that uses only the HTTP client, which has a
	 * descriptor of its own.
	 */
	int (*fd)(void);
	void (*work)(void);
	/*
	 * Begins an attempt. The sink owns it until it calls attempt->done():
	 * in start(), in work() or when the HTTP client calls back, not much
	 * later than timeout_ms.
	 */
	void (*start)(struct attempt *);
	/*
	 * Ends all unfinished attempts with ERROR_INTERNAL, because it is
	 * unknown whether their receivers took them. Can be called without
	 * open() before.
	 */
	void (*close)(void);
};

#define SINK(name) extern const struct sink sink_##name;
#include "sinks.def"
#undef SINK

/* The sink for the scheme of the URL; NULL: there is none. */
const struct sink *sink_find(const char *url);
/* The i-th of all sinks; NULL after the last. */
const struct sink *sink_at(int i);

#endif
