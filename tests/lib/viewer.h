/*
 * The whole product, and viewers of its live stream.
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

/* A connection that is held open, and all that was received on it. */
struct viewer {
	int fd;
	size_t n;
	char *text;
	const char *awaited;
};

extern struct stack viewer_stack;
extern struct viewer viewer_idle; /* open from the first test to the last */

void viewer_connect(struct viewer *v, const char *target, const char *headers);
void viewer_leave(struct viewer *v);
bool viewer_has_come(void *arg);
void viewer_await(struct viewer *v, const char *text);

#define SSE "Accept: text/event-stream\r\n"

/* Watches by SSE; events stored after the return are not missed. */
void viewer_sse(struct viewer *v, const char *target, const char *headers);
int viewer_count(const char *text, const char *what);

/*
 * Finds an event by its first member, id; *times: how often it was received. (A
 * derived event has the id of its source under another name.)
 */
const char *viewer_find_event(
    const struct viewer *v, const char *id, int *times);

/*
 * Posts an event. Returns the number of ids: its own and those of the derived
 * events, each NUL-terminated.
 */
int viewer_ingest(
    const char *service, const char *body, char ids[][ID_CHARS + 1]);
int viewer_open_all(void **state);
int viewer_close_all(void **state);

extern const char viewer_emergency[];

void viewer_expect(const char *method, const char *target, const char *headers,
    int status, const char *text);

#endif
