/*
 * Messages into a NATS server's streams. The only file that sees libnats. All
 * of it may block, except making and dropping messages.
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

/* A connection, in libnats's words; zeroed: none. */
struct jetstream {
	void *connection, *context;
	char address[64];
};

/* A server, and what proves to whom whom it talks to. NULL is none. */
struct jetstream_to {
	const char *host; /* the name that its certificate must have */
	int port;
	bool is_tls; /* else TLS is used where the server demands it */
	const struct url_user *user;
	const char *creds; /* a file's path; where there is no user */
	const char *ca;    /* likewise */
	int timeout_ms;
};

/*
 * Called from threads of libnats, also late: with what it is about, to be
 * compared and no more. ERROR_NONE: it is stored.
 */
struct jetstream_calls {
	void (*over)(const void *context, const void *message, enum error_class,
	    const char *detail);
	void (*lost)(const void *connection);
	/* What was sent is not permitted; text has the subject in it. */
	void (*denied)(const void *connection, const char *text);
};

/* May be called again and again; the calls are kept. False: no memory. */
bool jetstream_init(const struct jetstream_calls *);
void jetstream_exit(void);

/*
 * To the first of the host's addresses that the guard passes and that answers.
 * Servers that this one tells of are ignored, and it is never connected again.
 */
enum error_class jetstream_connect(struct jetstream *, const struct guard *,
    const struct jetstream_to *, char detail[JETSTREAM_DETAIL_LEN]);
bool jetstream_lost(const struct jetstream *);
/* The last call of a thread. */
void jetstream_disconnect(struct jetstream *);

/* A copy of the attempt's body with its headers; NULL: no memory. */
void *jetstream_message(const struct attempt *, const char *subject);
void jetstream_drop(void *message);
/*
 * Does not wait for the acknowledgment. On an error, which it returns, the
 * message is still the caller's.
 */
enum error_class jetstream_publish(const struct jetstream *, void *message,
    int timeout_ms, char detail[JETSTREAM_DETAIL_LEN]);

#endif
