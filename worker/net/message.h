/* A message, one attempt to deliver it, and how that attempt ended. */
#ifndef MESSAGE_H
#define MESSAGE_H

#include <stdint.h>

#include "buf.h"
#include "error_class.h"

/*
 * One message of the outbox. A member is NULL if the message has no such value.
 * The strings are freed with the rows of the claim they came with.
 */
struct message {
	const char *id;    /* id of the derived event, for deduplication */
	const char *topic; /* event.{service} or subscription.test */
	const char *data;  /* a JSON object, to be sent byte for byte */
	const char *source;
	const char *subject;
	const char *causation_id;
	const char *time; /* RFC 3339 */
	const char *request_id;
	const char *traceparent;
};

/* One attempt to deliver a message to one subscription's receiver. */
struct attempt {
	struct message message;
	const char *body; /* the CloudEvent, NUL-terminated; sent as it is */
	size_t body_len;
	const char *subscription_id;
	const char *description; /* text of the subscription, or NULL */
	const char *url;
	const char *secret;      /* signs the request */
	const char *old_secret;  /* signs too during a rotation; or NULL */
	const char *credentials; /* user:password or a token; or NULL */
	const char *headers;     /* "Name: value" lines; or NULL */
	/*
	 * The attempt's number, 1 for the first, and the end of its lease.
	 * Settling compares both with the values in the database: when the
	 * lease has ended and another worker has claimed the delivery, they
	 * differ, and the outcome of this attempt does not change the delivery.
	 */
	int number;
	const char *lease;
	int timeout_ms;
	/* The sink calls it once, when it has filled in the outcome below. */
	void (*done)(struct attempt *);

	/* The outcome. */
	enum error_class error; /* ERROR_NONE: delivered */
	char detail[256];       /* the error in one line, or "" */
	int http_status;        /* 0: there was no answer */
	int64_t retry_after_ms; /* the receiver's Retry-After; -1: none */
	char address[64];       /* address that was connected to, or "" */
	struct buf answer;      /* answer's start; the caller calls buf_init */
	void *sink_data;        /* for use by the sink */
};

#endif
