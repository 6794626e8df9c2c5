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

/* Bytes of one event and of a batch; nginx has the same limits. */
#define BODY_MAX ((size_t)1 << 20)
#define BATCH_MAX ((size_t)16 << 20)
/* Bytes: a page and the row that did not fit (page.h), or one whole trace. */
#define RESPONSE_MAX ((size_t)32 << 20)
#define PATH_LEN_MAX 1024

/* The headers of a CloudEvent in binary mode, encoded; NULL: absent. */
struct cloud_head {
	const char *specversion, *id, *source, *type, *time, *traceparent;
};

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
	/* From its first coding but identity on; NULL: there is none (left). */
	const char *content_encoding;
	int content_encodings; /* number of codings but identity */
	const char *accept;
	const char *prefer; /* first line (RFC 7240) */
	const char *if_none_match;
	const char *idempotency_key; /* value of the first line */
	int idempotency_keys;        /* number of Idempotency-Key lines */
	const char *request_id;
	const char *traceparent; /* W3C Trace Context, well-formed */
	struct cloud_head ce;    /* ce-specversion and so on */
	enum origin origin;      /* of the web page that sent it, if any */
	/* The origin of a listed page, which may read the answer. */
	const char *reader;
	bool by_nchan;    /* for the live stream, which nginx can open */
	const char *body; /* NUL-terminated and complete */
	size_t body_len;
	size_t body_max; /* bytes, as the route says */
	/* If one of the two is true, body is "". */
	bool body_too_large; /* longer than body_max, compressed or plain */
	bool body_is_broken; /* cannot be decompressed */
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
	int outcome; /* enum outcome of score.h; -1: the status tells */
};

/* An empty answer of status 200; the caller calls response_free(). */
void response_init(struct response *);
void response_free(struct response *);

struct context;

/* Always fills the response, which was initialised. */
typedef void request_handler(
    const struct context *, const struct request *, struct response *);

/* A request to ingest one event, which was read and checked. */
struct ingest;

enum {
	SHARED_MAX = 16 /* most requests whose events are stored together */
};

/* What the server asks of the routes. */
struct routing {
	request_handler *handle;
	/* Bytes that the body of a request may have; asked before it is read.
	 */
	size_t (*body_max)(const struct request *);
	/* NULL: handle() handles this request; otherwise finish() does. */
	struct ingest *(*begin)(const struct request *, struct response *);
	/* Whether its event can be stored together with others'. */
	bool (*is_shared)(const struct ingest *);
	/* Fills the responses of one request, or of several shared ones. */
	void (*finish)(
	    const struct context *, struct ingest *const list[], size_t n);
};

/* What a handler needs besides the request; one per process. */
struct context {
	const struct routing *routing;
	struct db *db;
	const struct config *config;
	const struct guard *guard; /* made from config->delivery_allow */
	int listen_fd;             /* the pool's socket; 0 under plain CGI */
};

#endif
