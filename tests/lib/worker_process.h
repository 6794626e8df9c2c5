/*
 * The worker in a process of its own, with a database and a receiver, and its
 * output.
 */
#ifndef WORKER_PROCESS_H
#define WORKER_PROCESS_H

#include "t.h"

#include "database.h"

#include <stdbool.h>
#include <sys/types.h>

#include "receiver.h"

extern struct receiver worker_receiver;

int worker_open_all(void **state);
int worker_close_all(void **state);
int worker_empty(void **state);
void worker_subscribe(const char *path);

/* An id of now: retention would delete an old one once it is delivered. */
#define NEW_ID                                                                 \
	"(left(uuid_v7_floor(now())::text, 14) || '7'"                         \
	" || right(gen_random_uuid()::text, 21))::uuid"

void worker_put(int n);

/* A worker, and the unnamed file that has its output. */
struct program {
	pid_t pid;
	FILE *out;
};
struct program worker_start(const char *to, const char *argument);
int worker_end(struct program *p);

/* Whether an ended worker's output has that text; closes the output. */
bool worker_wrote(struct program *p, const char *text);
bool worker_is_all_delivered(void *arg);
bool worker_is_seen(void *arg);

/* How often the text occurs in the worker's output so far. */
int worker_count_written(const struct program *p, const char *text);
void worker_await_words(const struct program *p, const char *text, int n);
void worker_stop(struct program *p);
bool worker_is_under_way(void *arg);

#define EMPTY(test) cmocka_unit_test_setup(test, worker_empty)

#endif
