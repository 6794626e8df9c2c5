/*
 * The error bodies: {"detail": …} as FastAPI's clients know it, or RFC 9457
 * when the client accepts application/problem+json. The only place where an
 * enum status becomes HTTP.
 */
#ifndef PROBLEM_H
#define PROBLEM_H

#include "fault.h"
#include "request.h"

/* Writes {"detail": "…"}; replaces the body that the response had. */
void problem_write(const struct request *, struct response *, int status,
    const char *fmt, ...) PRINTF_LIKE(4, 5);

/* The detail of problem_status(), and its status of HTTP. */
const char *problem_text(enum status, int *http);
/* Answers with 503 for STATUS_RETRY, 422 for STATUS_REJECT, else 500. */
void problem_status(const struct request *, struct response *, enum status);

/* Answers with 422 and every fault. */
void problem_faults(
    const struct request *, struct response *, const struct faults *);

#endif
