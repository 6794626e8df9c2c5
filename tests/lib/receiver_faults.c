/*
 * Faulty answers: in the body, in the head, or before the head.
 */
#include "receiver_log.h"

#include <string.h>

#define ANY SIZE_MAX /* without end */
#define HEAD "HTTP/1.1 {} As Asked\r\n"
#define CHUNKED HEAD "Transfer-Encoding: chunked\r\n\r\n"

static const struct receiver_fault faults[] = {
	/* The head is whole, the body is not. */
	{ "cut", HEAD "Content-Length: 1000\r\n\r\nshort", NULL, 0,
	    FAULT_CLOSES },
	{ "cut-by-reset", HEAD "Content-Length: 1000\r\n\r\nshort", NULL, 0,
	    FAULT_RESETS },
	{ "cut-at-once", HEAD "Content-Length: 1000\r\n\r\n", NULL, 0,
	    FAULT_CLOSES },
	{ "cut-chunk", CHUNKED "ff\r\nshort", NULL, 0, FAULT_CLOSES },
	{ "cut-later",
	    HEAD "Retry-After: 2\r\nContent-Length: 1000\r\n\r\nshort", NULL, 0,
	    FAULT_CLOSES },
	{ "stalled", HEAD "Content-Length: 1000\r\n\r\nshort", NULL, 0,
	    FAULT_HANGS },
	{ "stalled-at-once", HEAD "Content-Length: 1000\r\n\r\n", NULL, 0,
	    FAULT_HANGS },
	{ "stalled-later",
	    HEAD "Retry-After: 2\r\nContent-Length: 1000\r\n\r\nshort", NULL, 0,
	    FAULT_HANGS },
	{ "unended", HEAD "\r\nwith no length, and it is kept open", NULL, 0,
	    FAULT_HANGS },
	{ "endless", HEAD "\r\n", "more ", ANY, FAULT_HANGS },
	{ "endless-chunks", CHUNKED, "5\r\nmore \r\n", ANY, FAULT_HANGS },
	{ "bad-chunks", CHUNKED "this is no chunk\r\n", NULL, 0, FAULT_KEEPS },
	{ "bad-gzip",
	    HEAD "Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nplain",
	    NULL, 0, FAULT_KEEPS },
	{ "bad-coding",
	    HEAD "Transfer-Encoding: unknown\r\nContent-Length: 5\r\n\r\nplain",
	    NULL, 0, FAULT_CLOSES },
	{ "bad-coding-order",
	    HEAD "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", NULL, 0,
	    FAULT_CLOSES },
	{ "bad-length", HEAD "Content-Length: many\r\n\r\nsome", NULL, 0,
	    FAULT_CLOSES },
	{ "negative-length", HEAD "Content-Length: -4\r\n\r\nsome", NULL, 0,
	    FAULT_CLOSES },
	{ "two-lengths",
	    HEAD "Content-Length: 4\r\nContent-Length: 9\r\n\r\nsome", NULL, 0,
	    FAULT_CLOSES },
	{ "too-much", HEAD "Content-Length: 4\r\n\r\nsome and more", NULL, 0,
	    FAULT_KEEPS },
	{ "unasked-body", HEAD "\r\nno body belongs here", NULL, 0,
	    FAULT_KEEPS },
	{ "bad-trailer", CHUNKED "0\r\nno trailer\r\n", NULL, 0, FAULT_HANGS },
	/* The head is faulty. */
	{ "bad-header", HEAD "this is no header\r\nContent-Length: 0\r\n\r\n",
	    NULL, 0, FAULT_CLOSES },
	{ "nul-header", HEAD "X-Nul: a\1b\r\nContent-Length: 0\r\n\r\n", NULL,
	    0, FAULT_CLOSES },
	{ "bare", HEAD, NULL, 0, FAULT_CLOSES },
	{ "unended-head", HEAD "Content-Length: 0\r\n", NULL, 0, FAULT_HANGS },
	{ "reset-head", HEAD "Content-Length: 0\r\n", NULL, 0, FAULT_RESETS },
	{ "long-header", HEAD "X-Long: ", "long", 1 << 20, FAULT_HANGS },
	{ "long-status", "HTTP/1.1 {} ", "long", 1 << 20, FAULT_HANGS },
	{ "many-headers", HEAD, "X-Many: of these\r\n", 1 << 20, FAULT_HANGS },
	{ "endless-headers", HEAD, "X-Many: of these\r\n", ANY, FAULT_HANGS },
	/* Something comes before the head. */
	{ "continued", "HTTP/1.1 100 Continue\r\n\r\n" HEAD "\r\n", NULL, 0,
	    FAULT_CLOSES },
	{ "early-hints",
	    "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" HEAD
	    "Content-Length: 1000\r\n\r\nshort",
	    NULL, 0, FAULT_HANGS },
	{ "never-more-than-100", "HTTP/1.1 100 Continue\r\n\r\n", NULL, 0,
	    FAULT_HANGS },
	{ "cut-after-100", "HTTP/1.1 100 Continue\r\n\r\n", NULL, 0,
	    FAULT_CLOSES },
	{ "endless-100", "", "HTTP/1.1 100 Continue\r\n\r\n", ANY,
	    FAULT_HANGS },
	{ "old", "an answer of HTTP/0.9\n", NULL, 0, FAULT_CLOSES },
};

const struct receiver_fault *
receiver_fault(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		if (strncmp(faults[i].name, name, len) == 0 &&
		    faults[i].name[len] == '\0')
			return &faults[i];
	return NULL;
}
