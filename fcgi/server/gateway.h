/*
 * What FastCGI and CGI have in common: parameters and a stream in, bytes out.
 * The gateway fills the request, has it answered, and writes the response.
 */
#ifndef GATEWAY_H
#define GATEWAY_H

#include "request.h"

/* One request's connection to the web server. */
struct gateway {
	void *arg;
	char **params; /* NAME=value strings, ended by NULL */
	/* Reads up to n bytes; 0 at the end or after a failure. */
	size_t (*read)(void *arg, char *, size_t n);
	/* True once reading was cut short by anything but the end. */
	bool (*failed)(void *arg);
	void (*write)(void *arg, const char *, size_t n);
	/* Sends what was written; the params stay. */
	void (*finish)(void *arg);
};

/*
 * Answers one request: through the context's handler when it arrived whole,
 * with 400 when it did not, and with nothing when the client left. Reads the
 * stream to its end before it writes: unread bytes of a body would be the next
 * FastCGI request. Logs the request, at debug or, where it took long, at warn.
 */
void gateway_serve(const struct context *, const struct gateway *);

#endif
