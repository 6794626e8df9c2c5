/*
 * The HTTP client: sends many HTTP/1.1 POSTs at once and never blocks. It does
 * not follow redirects, ignores proxies in the environment, and asks the guard
 * before it connects to an address. The worker owns the client, see net.h.
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
	/* Owned by the caller, who keeps it until done() is called. */
	const char *url;
	const char *unix_socket; /* connect here, without the guard; or NULL */
	const char *const *headers; /* "Name: value", ended by NULL */
	const char *body;
	size_t body_len;
	int timeout_ms;
	struct buf *answer; /* gets the answer's body, up to its max; or NULL */
	void (*done)(struct post *);
	void *arg;

	/* The outcome. */
	enum error_class error; /* ERROR_NONE: answered, with any status */
	char detail[256];
	int status;
	int64_t retry_after_ms; /* -1: none */
	char address[64];

	struct flight *flight; /* private to the client */
};

struct post_client;

/* Keeps the guard by reference. STATUS_FAULT: *out is NULL, error says why. */
enum status post_open(
    struct post_client **out, const struct guard *, char error[256]) MUST_CHECK;
/* Cancels all posts. NULL is fine. */
void post_close(struct post_client *);
/* A descriptor that is readable when post_work() has something to do. */
int post_fd(const struct post_client *);
void post_work(struct post_client *);
/* Begins a post; done() is called before this returns, or from post_work(). */
void post_start(struct post_client *, struct post *);
/*
 * Ends a post before its time and calls its done(), with ERROR_INTERNAL unless
 * the headers of its final status have arrived.
 */
void post_cancel(struct post *);

#endif
