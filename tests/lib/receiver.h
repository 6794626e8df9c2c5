/*
 * Receivers of webhooks: a real HTTP/1.1 server in a process of its own, on
 * 127.0.0.1, which records its requests in memory shared with the test. The
 * path's first segment says how it behaves:
 *
 *	/ok/NAME                  204 at once
 *	/status/CODE/NAME         status CODE with a short body
 *	/flaky/K/NAME             503 for the first K attempts, then 204
 *	/slow/MS/NAME             204 after MS milliseconds
 *	/gone/NAME                410
 *	/retry-after/SECONDS/NAME 429 with Retry-After at first, then 204
 *	/retry-date/SECONDS/NAME  429 at first, too, but with a date
 *	/redirect/NAME?to=URL     302 to the URL, taken as it is
 *	/hang/NAME                reads, and never answers
 *	/reset/NAME               closes with RST
 *	/big/BYTES/NAME           200 with a body of BYTES bytes
 *	/drip/NAME                200 with a body that comes a byte a second
 *	/garbage/NAME             bytes that are no HTTP
 *	/FAULT/CODE/NAME          status CODE in a faulty answer, which FAULT
 *				  names in the table of receiver_faults.c
 *
 * Attempts are counted for each webhook-id and path.
 */
#ifndef RECEIVER_H
#define RECEIVER_H

#include <stddef.h>
#include <stdint.h>

enum {
	RECEIVER_RING = 1 << 18,       /* requests that it remembers */
	RECEIVER_WHOLE = 1 << 11,      /* latest requests kept whole */
	RECEIVER_WHOLE_MAX = 16 * 1024 /* bytes kept of each of these */
};

struct receiver_request {
	int64_t received_us; /* when its last byte came, by the wall clock */
	int64_t time_us;     /* `time` in its body, 0: there is none */
	int status;          /* of the answer; 0: none */
	int attempt;         /* 1 is the first */
	char path[104];      /* with the query, cut off where it is longer */
	char id[48];         /* webhook-id, or "" */
	/* NUL-terminated; NULL after RECEIVER_WHOLE later requests. */
	const char *raw, *body;
	size_t raw_len, body_len;
	uint64_t older; /* private to the receiver */
};

struct receiver_log;
struct receiver {
	int port; /* 0: receiver_start sets it to a free one */
	int pid;
	struct receiver_log *log;
};

/* The receiver listens when this returns. It dies with the caller. */
void receiver_start(struct receiver *);
/* Frees the recorded requests too. */
void receiver_stop(struct receiver *);

/* The number of requests whose path begins with prefix; "" counts all. */
int receiver_count(const struct receiver *, const char *prefix);
/* The number of different webhook-ids of such requests. */
int receiver_distinct(const struct receiver *, const char *prefix);
/*
 * The n-th request, from 0, whose path begins with prefix, or NULL. A request
 * is recorded before its sender gets an answer.
 */
const struct receiver_request *receiver_find(
    const struct receiver *, const char *prefix, int n);
/* A header's value, to be freed, or NULL. */
char *receiver_header(const struct receiver_request *, const char *name);

/* The number of requests that were ever recorded. */
uint64_t receiver_total(const struct receiver *);
/* A request by its number, from 0 for the first ever; NULL: not kept. */
const struct receiver_request *receiver_at(const struct receiver *, uint64_t);

#endif
