/* What the lists share: limit, offset, cursor, ids in paths, Link headers. */
#ifndef PAGE_H
#define PAGE_H

#include "db.h"
#include "id.h"
#include "params.h"

enum {
	PAGE_MAX = 100,
	PAGE_BYTES = 8 << 20 /* of a list's body, unless one row is longer */
};

struct page {
	struct params params;
	struct faults faults;
	long long limit, offset;
	struct id below; /* the cursor, exclusive; ID_LAST where absent */
	bool is_full;    /* there may be more, but not on this page */
};

/*
 * Reads the query string. False: it is so wrong that the request was answered.
 * True: the caller may add faults, then calls page_check. Free it either way.
 */
bool page_open(struct page *, const struct request *, struct response *);
/* The same with another limit than PAGE_MAX: the usual and the largest. */
bool page_open_to(struct page *, int usual, int max, const struct request *,
    struct response *);
bool page_check(struct page *, const struct request *, struct response *);
void page_free(struct page *);

/* An id from a parameter; false where absent or, with a fault, where none. */
bool page_id(struct page *, const char *name, struct id *);
/* Likewise a time, as the smallest id not before it. */
bool page_time(struct page *, const char *name, struct id *);
/*
 * One of the choices, which end with NULL and fill no more than 200 characters;
 * NULL where absent or, with a fault that lists them, where none of them.
 */
const char *page_choice(
    struct page *, const char *name, const char *const choices[]);
/* A fault of that parameter, which is there. */
void page_refuse(
    struct page *, const char *name, const char *type, const char *msg);
/* A fault for each parameter that is not among the names, ended by NULL. */
void page_only(struct page *, const char *const names[]);
/* An id from the path; false: the request was answered with 422. */
bool page_path_id(
    const struct request *, const char *text, struct id *, struct response *);

/* Link: rel="next": this request with name=value instead of its old cursor. */
void page_link(const struct request *, const char *name, const char *value,
    struct response *);

/* Writes one row as JSON. */
typedef void page_writer(struct buf *, const struct pg_result *, int row);

/*
 * Goes on with a JSON array, of which at least the bracket was written, by as
 * many of the first n rows as fit into PAGE_BYTES; the array's first row always
 * does. Returns how many.
 */
int page_put_rows(struct buf *, const struct pg_result *, int n, page_writer *);

/*
 * Rows below page->below from page->offset on, at most page->limit. It may give
 * fewer, so that memory stays bounded: those that surely fit into PAGE_BYTES,
 * but the first always.
 */
typedef enum status page_reader(
    struct db *, const struct page *, const void *arg, struct pg_result **);
struct list {
	page_reader *read;
	const void *arg;
	page_writer *write;
	int id;   /* column by which the page is ordered */
	int more; /* column, of the last row: that bound has cut it off */
};
/*
 * A list's answer: as many rows as asked for, or as fit into PAGE_BYTES, and
 * where there may be more a Link to them; or 503.
 */
void page_answer(struct page *, const struct context *, const struct request *,
    const struct list *, struct response *);
/*
 * GET /x/{id}: the row that this statement, which takes an id alone, finds by
 * it, or 422 where it is no id, 404 with `none` where there is no row, 503.
 */
void page_get_row(const struct context *, const struct request *,
    const char *id, enum query, page_writer *, const char *none,
    struct response *);

/* PostgreSQL's ISO output as RFC 3339. */
void page_put_time(struct buf *, const char *timestamptz);
/* A string or null. */
void page_put_text(struct buf *, const char *text);

#endif
