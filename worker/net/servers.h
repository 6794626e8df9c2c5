/*
 * The NATS servers that are connected to, each by a thread of its own. Nothing
 * here blocks but servers_close().
 */
#ifndef SERVERS_H
#define SERVERS_H

#include "guard.h"
#include "message.h"
#include "url.h"

enum {
	SERVERS_DETAIL_LEN = 256
};

/*
 * Called when a message has ended; ERROR_NONE: it is stored. It is called from
 * any thread and under a lock, so it must call no function of this file.
 */
typedef void servers_over(
    uint64_t ticket, const char *address, enum error_class, const char *detail);

/* Both arguments are kept. */
void servers_open(const struct guard *, servers_over *);
/* Joins all threads; one that resolves or connects can take seconds. */
void servers_close(void);
/*
 * Queues a copy of the attempt's body, to be sent within timeout_ms, and calls
 * back with its outcome, unless the server never answers. On an error, which it
 * returns with the reason in detail, it does not call back. Attempts share a
 * connection if server and credentials are the same.
 */
enum error_class servers_publish(const struct url *, const char *subject,
    const struct attempt *, uint64_t ticket, char detail[SERVERS_DETAIL_LEN]);

#endif
