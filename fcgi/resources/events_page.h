/* GET /events: pages of events, newest first. */
#ifndef EVENTS_PAGE_H
#define EVENTS_PAGE_H

#include "events_search.h"
#include "page.h"
#include "request.h"

/* Answers with the page, or with the error of the database. */
void events_page_answer(struct page *, const struct context *,
    const struct request *, const struct events_filter *, struct response *);

/* The event's row, if there is one. */
enum status events_read(
    struct db *, const struct id *, struct pg_result **) MUST_CHECK;
/*
 * Appends a row to a JSON array, whose opening bracket is written, if it fits
 * into PAGE_BYTES or is the array's first. Reads a payload that the statement
 * left out.
 */
enum status events_put_row(struct db *, struct buf *, const struct pg_result *,
    int row, bool *fits) MUST_CHECK;

#endif
