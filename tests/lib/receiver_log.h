/*
 * Shared by receiver.c, which starts a receiver and reads its log, and
 * receiver_serve.c, which is the receiver's process.
 */
#ifndef RECEIVER_LOG_H
#define RECEIVER_LOG_H

#include "receiver.h"

/* Written only by the receiver: a request first, then `total`. */
struct receiver_log {
	_Atomic uint64_t total;
	struct receiver_request requests[RECEIVER_RING];
	char whole[RECEIVER_WHOLE][RECEIVER_WHOLE_MAX + 1];
	/* By hash of id and path: number of the latest request + 1, or 0. */
	uint64_t latest[RECEIVER_RING];
};

/* Adds a request; receiver_log_publish makes it visible. */
struct receiver_request *receiver_log_add(
    struct receiver_log *, const char *raw, size_t len, size_t head_len);
void receiver_log_publish(struct receiver_log *);

/* A header's value and its length, or NULL. */
const char *receiver_log_header(
    const char *head, size_t len, const char *name, size_t *n);

/* A faulty answer. */
struct receiver_fault {
	const char *name;
	/* The bytes sent; {} stands for the status, \1 for a NUL. */
	const char *answer;
	/* Sent after `answer`, repeated up to `bytes`; NULL: nothing. */
	const char *unit;
	size_t bytes;
	/* What the receiver does after sending. */
	enum {
		FAULT_CLOSES,
		FAULT_RESETS,
		FAULT_HANGS,
		FAULT_KEEPS
	} then;
};

/* The fault whose name is the first len bytes, or NULL. */
const struct receiver_fault *receiver_fault(const char *name, size_t len);

/* The receiver's process; never returns. */
_Noreturn void receiver_serve(int listener, struct receiver_log *);

#endif
