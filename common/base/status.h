/*
 * What a caller must decide, not what happened. Only sqlstate.c turns an
 * SQLSTATE into an enum status; only fcgi/http/problem.c turns an enum status
 * into HTTP.
 */
#ifndef STATUS_H
#define STATUS_H

enum status {
	STATUS_OK,     /* done */
	STATUS_REJECT, /* the sender's fault: asking again will not help */
	STATUS_RETRY,  /* the world's fault: asking again later can help */
	STATUS_FAULT,  /* our fault: an operator must look */
};

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, first) __attribute__((format(printf, fmt, first)))

#endif
