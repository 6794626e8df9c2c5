/*
 * How far the answer to a request has come: a final status counts once its line
 * is there, whatever becomes of the headers and the body behind it; pure.
 */
#ifndef ANSWER_H
#define ANSWER_H

#include <stdbool.h>
#include <stddef.h>

enum {
	/* No server or proxy in use sends a tenth of it. */
	ANSWER_HEAD_KIB = 100,
	ANSWER_HEAD_MAX = ANSWER_HEAD_KIB << 10
};

struct answer {
	size_t len;    /* of all lines so far, those of 1xx too */
	int status;    /* 0: no status line yet, or that of a 1xx is over */
	bool is_whole; /* the headers of the final status are all there */
	bool is_too_long;
};

/*
 * Takes the next line of the head, as it came; one behind the head is a
 * trailer, which changes nothing. False: the head is too long.
 */
bool answer_line(struct answer *, const char *line, size_t len);
/* Whether that is a final status; 101 is one, since we never ask for it. */
bool answer_is_final(int status);

#endif
