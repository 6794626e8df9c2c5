/*
 * The HTTP client: HTTP/1.1 POSTs, many at once, none ever waited for.
 * Redirects are not followed, proxies of the environment are ignored, and the
 * guard passes every address before it is connected to. Its owner is the
 * worker, see net.h.
 */
#ifndef POST_H
#define POST_H

#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "error_class.h"
#include "guard.h"
#include "status.h"

struct post {
	/* The caller's, kept until done() was called. */
	const char *url;
	const char *unix_socket; /* to connect to instead, unguarded; or NULL */
	const char *const *headers; /* "Name: value", ended by NULL */
	const char *body;
	size_t body_len;
	int timeout_ms;
	struct buf
	    *answer; /* takes the first bytes, up to its maximum; or NULL */
	void (*done)(struct post *);
	void *arg;

	/* The outcome. */
	enum error_class error; /* ERROR_NONE: answered, with any status */
	char detail[256];
	int status;
	int64_t retry_after_ms; /* -1: none */
	char address[64];

	struct flight *flight; /* the client's own */
};

struct post_client;

/* The guard is kept by reference. STATUS_FAULT: *out is NULL, see error. */
enum status post_open(
    struct post_client **out, const struct guard *, char error[256]) MUST_CHECK;
/* Cancels what is under way. NULL is fine. */
void post_close(struct post_client *);
/* Readable when post_work() has something to do. */
int post_fd(const struct post_client *);
void post_work(struct post_client *);
/* Calls done() now or from post_work(). */
void post_start(struct post_client *, struct post *);
/*
 * Ends a post that is under way and calls its done(): with ERROR_INTERNAL,
 * unless its status has come.
 */
void post_cancel(struct post *);

#endif
