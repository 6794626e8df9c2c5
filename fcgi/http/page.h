/* What the lists share: limit, offset, cursor, ids in paths, Link headers. */
#ifndef PAGE_H
#define PAGE_H

#include "db.h"
#include "id.h"
#include "params.h"

enum {
	PAGE_MAX = 100,
	PAGE_BYTES = 8 << 20 /* limit, unless one row is longer */
};

struct page {
	struct params params;
	struct faults faults;
	long long limit, offset;
	struct id below; /* the cursor, exclusive; ID_LAST if absent */
	bool is_full;    /* there can be more, on the next page */
};

/*
 * Reads the query string. False: it cannot be read, and the request was
 * answered. True: the caller can add faults, then calls page_check(). Call
 * page_free() either way.
 */
bool page_open(struct page *, const struct request *, struct response *);
/* page_open() with other limits: `usual` is the default, max the largest. */
bool page_open_to(struct page *, int usual, int max, const struct request *,
    struct response *);
/* False: the query string has faults, and the request was answered with 422. */
bool page_check(struct page *, const struct request *, struct response *);
void page_free(struct page *);

/* An id from a parameter. False: it is absent, or no id, which is a fault. */
bool page_id(struct page *, const char *name, struct id *);
/* Likewise a time, in microseconds since 1970; *us is else left as it is. */
bool page_moment(struct page *, const char *name, int64_t *us);
/* Likewise, as the smallest id not before this time. */
bool page_time(struct page *, const char *name, struct id *);
/*
 * The one of the choices that a parameter has. They end with NULL, and fill no
 * more than 200 characters. NULL: the parameter is absent or none of the
 * choices, which adds a fault that lists them.
 */
const char *page_choice(
    struct page *, const char *name, const char *const choices[]);
/* Adds a fault of the parameter `name`, which must be present. */
void page_refuse(
    struct page *, const char *name, const char *type, const char *msg);
/* Adds a fault for each parameter that the route does not know. */
void page_only(struct page *, const struct request *);
/* An id from the path; false: the request was answered with 422. */
bool page_path_id(
    const struct request *, const char *text, struct id *, struct response *);

/*
 * Adds Link: rel="next", this request with name=value instead of its old
 * cursor.
 */
void page_link(const struct request *, const char *name, const char *value,
    struct response *);

/* Writes one row as JSON. */
typedef void page_writer(struct buf *, const struct pg_result *, int row);

/*
 * Reads rows below page->below from page->offset on, at most page->limit. To
 * bound memory it can return fewer, those that certainly fit into PAGE_BYTES,
 * but always the first.
 */
typedef enum status page_reader(
    struct db *, const struct page *, const void *arg, struct pg_result **);
struct listing {
	page_reader *read;
	const void *arg;
	page_writer *write;
	int id;   /* column by which the page is ordered */
	int more; /* column: true in the last row if rows were cut off */
};
/*
 * Answers with a list: as many rows as asked for, or as fit into PAGE_BYTES,
 * and a Link if there can be more; or with the error of the database.
 */
void page_answer(struct page *, const struct context *, const struct request *,
    const struct listing *, struct response *);
/* page_answer() for a list that needs only page_open() and page_check(). */
void page_list(const struct context *, const struct request *,
    const struct listing *, struct response *);
/*
 * GET /x/{id}: answers with the row of this statement, whose one parameter is
 * the id; with 422 if it is no id, with 404 and `none` if there is no row; or
 * with the error of the database.
 */
void page_get_row(const struct context *, const struct request *,
    const char *id, enum query, page_writer *, const char *none,
    struct response *);

/* Writes PostgreSQL's ISO output as RFC 3339. */
void page_put_time(struct buf *, const char *timestamptz);
/* Writes a JSON string or null. */
void page_put_text(struct buf *, const char *text);

#endif
