/*
 * A request and its response as plain data. Whoever fills a request owns its
 * strings and keeps them until the response was sent.
 */
#ifndef REQUEST_H
#define REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "config.h"
#include "origin.h"

struct db;
struct guard;

/* Bytes; nginx's client_max_body_size says the same. */
#define BODY_MAX ((size_t)1 << 20)
/* A page and the row that did not fit, see page.h; the longest single answers.
 */
#define RESPONSE_MAX ((size_t)32 << 20)
#define PATH_LEN_MAX 1024

struct request {
	const char *method;
	const char *path;  /* raw, as in the request line, without the query */
	const char *query; /* raw, without the ?; "" where there is none */
	/*
	 * Where a client repeats a header, nginx before 1.23 hands on each of
	 * its lines, later ones a single line that joins them with ", ".
	 */
	const char *content_type;     /* NULL where absent, as all below */
	int content_types;            /* how many lines came, or 0: unknown */
	const char *content_encoding; /* NULL too where it is identity */
	const char *accept;
	const char *idempotency_key; /* first of its kind */
	int idempotency_keys;        /* how many of them came */
	const char *request_id;
	const char *traceparent; /* W3C Trace Context, well-formed */
	enum origin origin;      /* of the page that asks, if one does */
	/* What a listed page has for its origin; it may read the answer. */
	const char *reader;
	bool by_nchan;    /* the stream: nginx will open it */
	const char *body; /* NUL-terminated; arrived whole */
	size_t body_len;
	bool body_too_large; /* longer than BODY_MAX; body is "" */
	struct business business;
};

/* Where its time went, in microseconds. */
struct took {
	int64_t read, parse, rules, db, write;
};

struct response {
	int status;
	const char *content_type;
	struct buf headers; /* whole lines: "Allow: GET, HEAD\r\n" */
	struct buf body;
	struct took took;
};

struct context;

/* Always fills the response; the caller frees its two buffers. */
typedef void request_handler(
    const struct context *, const struct request *, struct response *);

/* What a handler needs besides the request; one per process. */
struct context {
	request_handler
	    *handle; /* every request that arrived whole: route_handle() */
	struct db *db;
	const struct config *config;
	const struct guard *guard; /* of config->delivery_allow */
	int listen_fd;             /* the pool's socket; of plain CGI, 0 */
};

#endif
