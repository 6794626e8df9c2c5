/*
 * Publishes messages into a NATS server's streams. The only file that sees
 * libnats. Every function can block, except those that make and drop messages.
 */
#ifndef JETSTREAM_H
#define JETSTREAM_H

#include <stdbool.h>

#include "guard.h"
#include "message.h"
#include "url.h"

enum {
	JETSTREAM_DETAIL_LEN = 256
};

/* A connection; zeroed: none. */
struct jetstream {
	void *connection, *context;
	char address[64];
};

/* A server and the credentials for it; user, creds and ca can be NULL. */
struct jetstream_to {
	const char *host; /* the name that its certificate must have */
	int port;
	bool is_tls; /* false: TLS is used only if the server demands it */
	const struct url_user *user;
	const char *creds; /* path of a creds file; used if there is no user */
	const char *ca;    /* path of a file of CA certificates */
	int timeout_ms;
};

/*
 * libnats calls these from threads of its own, perhaps when the message or
 * connection no longer exists: the pointers can be compared, not dereferenced.
 * over() gets ERROR_NONE if the message is stored.
 */
struct jetstream_calls {
	void (*over)(const void *context, const void *message, enum error_class,
	    const char *detail);
	void (*lost)(const void *connection);
	/* The server forbids a subject; the server's text names it. */
	void (*denied)(const void *connection, const char *text);
};

/* Can be called repeatedly; keeps the calls by reference. False: no memory. */
bool jetstream_init(const struct jetstream_calls *);
void jetstream_exit(void);

/*
 * Connects to the first of the host's addresses that the guard passes and that
 * answers. It does not reconnect, and ignores other servers of its cluster that
 * the server announces.
 */
enum error_class jetstream_connect(struct jetstream *, const struct guard *,
    const struct jetstream_to *, char detail[JETSTREAM_DETAIL_LEN]);
bool jetstream_lost(const struct jetstream *);
/* Must be the calling thread's last call of this file. */
void jetstream_disconnect(struct jetstream *);

/* A copy of the attempt's body with its headers; NULL: no memory. */
void *jetstream_message(const struct attempt *, const char *subject);
void jetstream_drop(void *message);
/*
 * Does not wait for the acknowledgment. If it returns an error, the message
 * still belongs to the caller.
 */
enum error_class jetstream_publish(const struct jetstream *, void *message,
    int timeout_ms, char detail[JETSTREAM_DETAIL_LEN]);

#endif
