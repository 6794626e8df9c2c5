/*
 * The whole product, and those who watch its live stream.
 */
#ifndef VIEWER_H
#define VIEWER_H

#include "t.h"

#include "stack.h"

enum {
	IDS_MAX = 64,
	ID_CHARS = 36,
	TEXT_MAX = 1 << 20
};

/* A connection that is held open, and all that came over it. */
struct viewer {
	int fd;
	size_t n;
	char *text;
	const char *awaited;
};

extern struct stack viewer_stack;
extern struct viewer viewer_idle; /* from the first test to the last */

void viewer_connect(struct viewer *v, const char *target, const char *headers);
void viewer_leave(struct viewer *v);
bool viewer_has_come(void *arg);
void viewer_await(struct viewer *v, const char *text);

#define SSE "Accept: text/event-stream\r\n"

/* From when this returns, nothing is missed. */
void viewer_sse(struct viewer *v, const char *target, const char *headers);
int viewer_count(const char *text, const char *what);

/* Each event begins so; an id as a source has another name before it. */
const char *viewer_find_event(
    const struct viewer *v, const char *id, int *times);

/* Posts it; the ids of the base event and of those derived, each NUL-ended. */
int viewer_ingest(
    const char *service, const char *body, char ids[][ID_CHARS + 1]);
int viewer_open_all(void **state);
int viewer_close_all(void **state);

extern const char viewer_emergency[];

void viewer_expect(const char *method, const char *target, const char *headers,
    int status, const char *text);

#endif
