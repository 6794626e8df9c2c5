/* GET /events: pages of events, newest first. */
#ifndef EVENTS_PAGE_H
#define EVENTS_PAGE_H

#include "page.h"
#include "request.h"

/* The filters of a page; NULL: no such filter. */
struct events_filter {
	struct id since; /* the least id */
	struct id until; /* exclusive */
	const char *service;
	const struct id *source;
	const char *key;
	const char *derived; /* "true" or "false" */
};

/* Answers with the page, or with the error of the database. */
void events_page_answer(struct page *, const struct context *,
    const struct request *, const struct events_filter *, struct response *);

/*
 * Appends to a JSON array, whose opening bracket is written, as many of the
 * first n rows as fit into PAGE_BYTES, but the array's first row always; *put:
 * how many. Reads payloads that the statement left out.
 */
enum status events_put_rows(struct db *, struct buf *, const struct pg_result *,
    int n, int *put) MUST_CHECK;

#endif
