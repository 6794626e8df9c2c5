/*
 * Every fault of a body or a query string, as the text of a JSON array without
 * its brackets: {"type","loc","msg","input"}, …, as in FastAPI's 422.
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
/* loc is [where, field], or [where] if field is NULL; input is JSON text. */
void faults_add(struct faults *, const char *type, const char *where,
    const char *field, const char *msg, const char *input);
/* faults_add() for an input that is a string, which is quoted here. */
void faults_add_text(struct faults *, const char *type, const char *where,
    const char *field, const char *msg, const char *input);
/* faults_add() with inner as the third name of loc; inner can be NULL. */
void faults_add_inner(struct faults *, const char *type, const char *where,
    const char *field, const char *inner, const char *msg, const char *input);
/* A fault of a member of the body; input is its value. */
void faults_add_member(struct faults *, const char *type, const char *name,
    const char *msg, const struct cJSON *input);

#endif
