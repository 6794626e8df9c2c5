/* Why an attempt failed, as the history, the log and the API name it. */
#ifndef ERROR_CLASS_H
#define ERROR_CLASS_H

enum error_class {
	ERROR_NONE,      /* it did not fail */
	ERROR_DNS,       /* the name cannot be resolved */
	ERROR_FORBIDDEN, /* the guard refused the address, or a sink the URL */
	ERROR_CONNECT,
	ERROR_TLS,
	ERROR_TIMEOUT,
	ERROR_PROTOCOL, /* the answer breaks the protocol */
	ERROR_HTTP,     /* an answer, but not 2xx; see http_status */
	ERROR_NATS,     /* the NATS server refused message or credentials */
	ERROR_INTERNAL, /* a fault of this worker, not of the receiver */
	ERROR_CLASSES
};

/*
 * Its name; NULL for ERROR_NONE. There is one more name, "lost", which
 * sql/queries/outbox_claim.sql writes when a worker died during an attempt.
 */
const char *error_class_name(enum error_class);

#endif
