/*
 * What FastCGI and CGI have in common: parameters and a stream in, bytes out.
 * The gateway fills the request, has it answered, and writes the response.
 */
#ifndef GATEWAY_H
#define GATEWAY_H

#include "request.h"
#include "score.h"
#include "served.h"

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

/* A request that was read, and its answer. */
struct exchange {
	const struct gateway *gateway;
	struct request request;
	struct response response;
	struct served served;
	struct scored scored;
	int arrival; /* how the body came */
	int64_t read_us;
	struct ingest *ingest; /* NULL: it is another request, or not whole */
	struct buf body, plain, uri; /* their memory is used again */
};

/*
 * Reads a request. Reads the stream to its end in any case: unread bytes of a
 * body would be taken for the next FastCGI request. The exchange is zeroed, or
 * was used before.
 */
void gateway_read(
    const struct context *, struct exchange *, const struct gateway *);
/* Whether a request's body is short and not compressed, by its parameters. */
bool gateway_is_short(const struct gateway *);
/* Whether the request can be answered together with others. */
bool gateway_is_shared(const struct context *, const struct exchange *);
/*
 * Answers one request that was read, or n that can be answered together. A
 * request that arrived whole is answered by the context's routing; one that did
 * not with 400; with 500 if memory is short or a fastcgi_param is wrong; and
 * not at all if the client left. Logs each request, at debug or, if it took
 * long, at warn.
 */
void gateway_answer(
    const struct context *, struct exchange *const list[], size_t n);

#endif
