/* Why an attempt failed, as the history, the log and the API name it. */
#ifndef ERROR_CLASS_H
#define ERROR_CLASS_H

enum error_class {
	ERROR_NONE,      /* it did not */
	ERROR_DNS,       /* the name is not resolved */
	ERROR_FORBIDDEN, /* the guard refused its address */
	ERROR_CONNECT,
	ERROR_TLS,
	ERROR_TIMEOUT,
	ERROR_PROTOCOL, /* what came is no answer */
	ERROR_HTTP,     /* an answer, but not 2xx; see http_status */
	ERROR_NATS,     /* the server refused the message */
	ERROR_INTERNAL, /* a fault of this worker, not of the receiver */
	ERROR_CLASSES
};

/*
 * Its word; NULL for ERROR_NONE. One more word, "lost", is written by
 * sql/queries/outbox_claim.sql, where a worker died during an attempt.
 */
const char *error_class_name(enum error_class);

#endif
