/*
 * HTTP/1.1 POSTs, many at once, none ever waited for. The only file that sees
 * libcurl. Redirects are not followed, proxies of the environment are ignored,
 * and every address is passed by the guard before it is connected to.
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
};

/* The guard is kept by reference. */
enum status post_open(const struct guard *, char error[256]) MUST_CHECK;
/* What is under way ends with ERROR_INTERNAL. */
void post_close(void);
int post_fd(void); /* readable when post_work() has something to do */
void post_work(void);
/* Calls done() now or from post_work(). */
void post_start(struct post *);

#endif
