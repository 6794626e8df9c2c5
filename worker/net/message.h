/* What is delivered, whom to, and what became of it. */
#ifndef MESSAGE_H
#define MESSAGE_H

#include <stdint.h>

#include "buf.h"

/* One message of the outbox. NULL is absent; strings belong to the claim. */
struct message {
	const char *id;    /* the derived event's; deduplicate by it */
	const char *topic; /* event.{service} */
	const char *data;  /* a JSON object, to be sent byte for byte */
	const char *source;
	const char *subject;
	const char *causation_id;
	const char *time; /* RFC 3339 */
	const char *request_id;
	const char *traceparent;
};

/* One attempt to deliver it to one receiver. */
struct attempt {
	struct message message;
	const char
	    *body; /* the CloudEvent, NUL-terminated: these bytes are sent */
	size_t body_len;
	const char *subscription_id;
	const char *description; /* the subscription's, for people; or NULL */
	const char *url;
	const char *secret, *old_secret; /* the latter or NULL */
	const char *credentials;         /* user:password or a token; or NULL */
	const char *headers;             /* "Name: value" lines; or NULL */
	/* Both fence off late settles. */
	int number; /* 1 is the first */
	const char *lease;
	int timeout_ms;

	/* The outcome, which the sink fills in before attempt_done(). */
	const char *error; /* NULL: delivered; else one of the classes below */
	char detail[256];  /* one line that says more; "" */
	int http_status;   /* 0: there was no answer */
	int64_t retry_after_ms; /* what the receiver asked for; -1: nothing */
	char address[64];       /* that was connected to; "" */
	struct buf answer;      /* its first bytes; initialised by the caller */
	void *sink_data;        /* the sink's own */
};

/*
 * Classes of errors, as the API shows them. Those of the receiver count for its
 * circuit breaker, see dispatch.c.
 */
#define ERROR_DNS "dns"             /* the name is not resolved */
#define ERROR_FORBIDDEN "forbidden" /* the guard refused its address */
#define ERROR_CONNECT "connect"
#define ERROR_TLS "tls"
#define ERROR_TIMEOUT "timeout"
#define ERROR_PROTOCOL "protocol" /* what came is no answer */
#define ERROR_HTTP "http"         /* an answer, but not 2xx; see http_status */
#define ERROR_NATS "nats"         /* the server refused the message */
#define ERROR_INTERNAL "internal" /* our fault */

#endif
