/*
 * What is wrong with a body or a query string, all of it, as the text of a JSON
 * array without its brackets: {"type","loc","msg","input"}, … (FastAPI's 422).
 */
#ifndef FAULT_H
#define FAULT_H

#include "buf.h"
#include "json.h"

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

#endif
