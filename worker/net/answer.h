/*
 * How much of the answer to a request has arrived. A final status counts as
 * soon as its line has arrived, even if the headers and the body after it never
 * come. Pure.
 */
#ifndef ANSWER_H
#define ANSWER_H

#include <stdbool.h>
#include <stddef.h>

enum {
	/* Far more than servers and proxies send. */
	ANSWER_HEAD_KIB = 100,
	ANSWER_HEAD_MAX = ANSWER_HEAD_KIB << 10
};

struct answer {
	size_t len;    /* bytes of all lines so far, with those of 1xx */
	int status;    /* 0: no status line yet, apart from 1xx */
	bool is_whole; /* all headers of the final status have arrived */
	bool is_too_long;
};

/*
 * Takes the next line of the head, as it came. A line after the head is a
 * trailer and changes nothing. False: the head is too long.
 */
bool answer_line(struct answer *, const char *line, size_t len);
/* Whether no other status follows; after 101, none is waited for either. */
bool answer_is_final(int status);

#endif
