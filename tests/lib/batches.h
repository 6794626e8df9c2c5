/*
 * Batches through the whole stack, and what their answers say of each event.
 */
#ifndef BATCHES_H
#define BATCHES_H

#include "t.h"

#include "buf.h"
#include "http.h"
#include "stack.h"

#define JSON_TYPE "Content-Type: application/json\r\n"
#define NDJSON_TYPE "Content-Type: application/x-ndjson\r\n"
#define CLOUD_TYPE "Content-Type: application/cloudevents-batch+json\r\n"

extern struct stack batches_stack;

int batches_open(void **state);
int batches_close(void **state);

/* One entry of "results". */
struct result {
	int index, status;
	char id[40];         /* "": it was not stored */
	char derived[2][40]; /* the first of them */
	int derived_count;
	char *detail; /* as JSON, or NULL */
};

struct answer {
	int status; /* of HTTP */
	long long stored, duplicate, rejected;
	struct result *results;
	int n;
};

/* For bodies of any bytes and length; the caller frees the answer. */
struct http batches_post(
    const char *target, const char *headers, const char *body, size_t len);
/* Fails the test unless it is answered with a list of results. */
struct answer batches_send(
    const char *target, const char *headers, const char *body);
/* Fails the test unless these are the answer's status and sums. */
void batches_assert(const struct answer *, int status, long long stored,
    long long duplicate, long long rejected);
void batches_free(struct answer *);

/* The text of one event n times, with its number for %d, in a new buffer. */
struct buf batches_lines(int n, const char *event);

/* Sends and fails the test unless the answer has the status and the text. */
void batches_expect(const char *target, const char *headers, const char *body,
    int status, const char *text);

/* How many events the services have, and refused bodies. */
long long batches_events(const char *service);
long long batches_refused(const char *service);

#endif
