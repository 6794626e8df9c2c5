/*
 * The NATS servers to which this worker is connected, each by a thread of its
 * own. No function here blocks except servers_close().
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
 * Called when the outcome of a message is known; ERROR_NONE: it is stored. Any
 * thread can call it, with a lock held, so it must call no function of this
 * file.
 */
typedef void servers_over(
    uint64_t ticket, const char *address, enum error_class, const char *detail);

/* Both arguments are kept by reference. */
void servers_open(const struct guard *, servers_over *);
/* Joins all threads; a thread that resolves or connects can take seconds. */
void servers_close(void);
/*
 * Queues a copy of the attempt's body, to be sent within timeout_ms, and later
 * calls servers_over with the outcome, unless the server never answers. If it
 * returns an error, detail has the reason, and servers_over is not called.
 * Attempts share a connection if server and credentials are the same.
 */
enum error_class servers_publish(const struct url *, const char *subject,
    const struct attempt *, uint64_t ticket, char detail[SERVERS_DETAIL_LEN]);

#endif
