/*
 * The error bodies: {"detail": …} as FastAPI's clients know it, or RFC 9457
 * when the client accepts application/problem+json. The only place where an
 * enum status becomes HTTP.
 */
#ifndef PROBLEM_H
#define PROBLEM_H

#include "json.h"
#include "request.h"

/* {"detail": "…"}; replaces whatever the response held. */
void problem_write(const struct request *, struct response *, int status,
    const char *fmt, ...) PRINTF_LIKE(4, 5);

/* What the database's or our own failure looks like: 503 or 500. */
void problem_status(const struct request *, struct response *, enum status);

/*
 * FastAPI's 422: collect faults, then write. Faults are the text of a JSON
 * array without its brackets: {"type","loc","msg","input"}, …
 */
struct faults {
	struct buf text;
	int n;
};

void faults_init(struct faults *);
void faults_free(struct faults *);
/* loc is two names, the second may be NULL; input is JSON text. */
void faults_add(struct faults *, const char *type, const char *where,
    const char *field, const char *msg, const char *input);
/* The same with a third name, which may be NULL too. */
void faults_add_inner(struct faults *, const char *type, const char *where,
    const char *field, const char *inner, const char *msg, const char *input);
/* The same for a member of the body, whose value is the input. */
void faults_add_member(struct faults *, const char *type, const char *name,
    const char *msg, const struct cJSON *input);
void problem_faults(
    const struct request *, struct response *, const struct faults *);

#endif
