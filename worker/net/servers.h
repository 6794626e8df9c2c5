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
 * How a message ended; ERROR_NONE: it is stored.
 * Called from any thread and under a lock, so it calls nothing of this file.
 */
typedef void servers_over(
    uint64_t ticket, const char *address, enum error_class, const char *detail);

/* Both are kept. */
void servers_open(const struct guard *, servers_over *);
/* Joins all threads, which may take as long as one resolves and connects. */
void servers_close(void);
/*
 * Sends the attempt's body, copied, if it can within timeout_ms, and tells what
 * became of it, unless nobody ever answers. Otherwise returns an error, and
 * why in detail. A connection is for one server with one attempt's
 * credentials.
 */
enum error_class servers_publish(const struct url *, const char *subject,
    const struct attempt *, uint64_t ticket, char detail[SERVERS_DETAIL_LEN]);

#endif
