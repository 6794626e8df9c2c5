/*
 * Fakes around the live stream: a database that answers as a test says, an
 * nginx that keeps what is posted, and a clock. They stand in for db.c, post.c
 * and clock.c.
 */
#ifndef STREAM_WORLD_H
#define STREAM_WORLD_H

#include "t.h"

#include <stdbool.h>

#include "config.h"
#include "status.h"
#include "stream.h"

enum {
	ROWS_MAX = 64,
	POSTS_MAX = 64
};

extern int64_t clock_ms;

/* Only handed on, never dereferenced. */
extern struct post_client *const http;

extern const char *recent_mark; /* NULL: no service had events lately */
extern int recalls;
extern const char *before, *behind;
extern struct taken {
	int n;
	long long events, bytes;
} taken;
extern enum status database;
extern bool is_repeated;
extern struct passed {
	int n;
	char moment[32];
} passed;
extern int watching; /* viewers that nginx counts; -1: no stub status */
extern bool holds_answer;
extern int post_count;
extern int nginx_status; /* 0: posts wait for answer(); < 0: no socket */
extern int viewers;
extern int messages; /* number stored by nginx, in a channel and in all */

void answer(int i, int status);
void answer_viewers(void);

extern struct config config;
extern struct stream *s;

int open_stream(void **state);
int open_watched(void **state);
int close_stream(void **state);

/* The next take moves the cursor from `from` to `to`, with add()'s events. */
void batch(const char *from, const char *to, bool skipped);
void add(const char *service, const char *event);
void tick(void);

/* Compares all except `after`, which expect_after() compares. */
void expect_post(int i, const char *channel, const char *body);
void expect_after(int i, const char *channel, const char *cursor);

/* What was logged so far, in a static buffer. */
const char *logged(FILE *f);
int count(const char *text, const char *what);

/* Ticks until the first moment, 100, is old enough to be used. */
void tick_for_2_s(void);

#define OPEN(test)                                                             \
	cmocka_unit_test_setup_teardown(test, open_stream, close_stream)
#define WATCHED(test)                                                          \
	cmocka_unit_test_setup_teardown(test, open_watched, close_stream)

#endif
