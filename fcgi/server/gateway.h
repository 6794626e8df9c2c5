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
	/* True once reading was cut short by anything but the body's end. */
	bool (*failed)(void *arg);
	void (*write)(void *arg, const char *, size_t n);
	/* Sends what was written; the params stay valid. */
	void (*finish)(void *arg);
};

/*
 * Answers one request: through the context's handler if it arrived whole, with
 * 400 if it did not, with 500 if memory is short or a fastcgi_param is wrong,
 * and not at all if the client left. Reads the stream to its end before it
 * writes: unread bytes of a body would be taken for the next FastCGI request.
 * Logs the request, at debug or, if it took long, at warn.
 */
void gateway_serve(const struct context *, const struct gateway *);

#endif
