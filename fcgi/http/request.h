/*
 * A request and its response as plain data. The code that fills a request owns
 * its strings and keeps them until the response is sent.
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

/* Bytes; nginx's client_max_body_size has the same value. */
#define BODY_MAX ((size_t)1 << 20)
/* Bytes: a page and the row that did not fit (page.h), or one whole trace. */
#define RESPONSE_MAX ((size_t)32 << 20)
#define PATH_LEN_MAX 1024

struct request {
	const char *method;
	const char *path;  /* raw, as in the request line, without the query */
	const char *query; /* raw, without the ?; "" where there is none */
	const char *query_names; /* known parameters, with commas */
	/*
	 * If a client repeats a header, nginx before 1.23 passes on each line;
	 * later versions pass one line that joins them with ", ".
	 */
	const char
	    *content_type; /* NULL: absent; so too the other headers below */
	int content_types; /* number of Content-Type lines; 0: unknown */
	const char *content_encoding; /* NULL also if it is identity */
	const char *accept;
	const char *if_none_match;
	const char *idempotency_key; /* value of the first line */
	int idempotency_keys;        /* number of Idempotency-Key lines */
	const char *request_id;
	const char *traceparent; /* W3C Trace Context, well-formed */
	enum origin origin;      /* of the web page that sent it, if any */
	/* The origin of a listed page, which may read the answer. */
	const char *reader;
	bool by_nchan;    /* for the live stream, which nginx can open */
	const char *body; /* NUL-terminated and complete */
	size_t body_len;
	bool body_too_large; /* longer than BODY_MAX; body is "" */
	struct business business;
};

/* Where a request's time went, in microseconds. */
struct took {
	int64_t read, parse, rules, db, write;
};

struct response {
	int status;
	const char *content_type;
	const char *cache_control; /* NULL: no-store */
	struct buf headers;        /* whole lines: "Allow: GET, HEAD\r\n" */
	struct buf body;
	struct took took;
};

struct context;

/* Always fills the response; the caller frees its two buffers. */
typedef void request_handler(
    const struct context *, const struct request *, struct response *);

/* What a handler needs besides the request; one per process. */
struct context {
	request_handler *handle; /* route_handle(), of whole requests */
	struct db *db;
	const struct config *config;
	const struct guard *guard; /* made from config->delivery_allow */
	int listen_fd;             /* the pool's socket; 0 under plain CGI */
};

#endif
