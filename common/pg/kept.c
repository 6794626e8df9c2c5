#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "libpq.h"

enum {
	PLAN_MS = 1000, /* a plan is made anew after this time */
	TEXT_MAX = 65536
};

static void
put_literal(struct buf *out, struct pg *pg, const char *value)
{
	char *literal = value == NULL
	    ? NULL
	    : PQescapeLiteral(pg->conn, value, strlen(value));

	if (value == NULL)
		buf_puts(out, "NULL");
	else if (literal != NULL)
		buf_puts(out, literal);
	else
		out->failed = true;
	PQfreemem(literal);
}

/*
 * Copies the statement; $5 becomes its value, unless it is open. Comments are
 * left out, since a value could end one.
 */
static void
put_text(struct buf *out, struct pg *pg, enum query q,
    const char *const values[], int open)
{
	const char *p = query_text(q);
	char *end;
	size_t n;
	long i;

	for (; *p != '\0'; p += n) {
		if (strncmp(p, "--", 2) == 0) {
			n = strcspn(p, "\n");
			continue;
		}
		n = 1 + strcspn(p + 1, "$-");
		if (*p == '$') {
			i = strtol(p + 1, &end, 10);
			n = (size_t)(end - p);
			if (i > open && i <= query_args(q)) {
				put_literal(out, pg, values[i - 1]);
				continue;
			}
		}
		buf_put(out, p, n);
	}
}

/* The place of the statement, or of the one that was used longest ago. */
static struct kept *
find(struct pg *pg, enum query q, const char *values)
{
	struct kept *oldest = &pg->kept[0], *k;

	for (k = pg->kept; k < pg->kept + KEPT; k++) {
		if (k->query == q && strcmp(k->values, values) == 0)
			return k;
		if (k->used_at < oldest->used_at)
			oldest = k;
	}
	return oldest;
}

/* In one round trip with the end of the statement that had its place. */
static enum pg_end
prepare(struct pg *pg, struct kept *k, int open, const char *const values[],
    int wait_ms)
{
	int n = (int)(k - pg->kept);
	struct pg_result *r = NULL;
	enum pg_end end;
	struct buf sql;

	buf_init(&sql, TEXT_MAX);
	if (k->is_named)
		buf_printf(&sql, "DEALLOCATE kept_%d; ", n);
	buf_printf(&sql, "PREPARE kept_%d AS ", n);
	put_text(&sql, pg, k->query, values, open);
	k->is_named = false;
	k->prepared_at = 0;
	end = pg_finish(
	    pg, !sql.failed && PQsendQuery(pg->conn, sql.data), wait_ms, &r);
	buf_free(&sql);
	if (r != NULL) {
		k->is_named = true;
		k->prepared_at = clock_steady_ms();
	}
	pg_free(r);
	return end;
}

/*
 * Planned for its values at its first use, prepared at the next one: so
 * statements that are not used again cost no second round trip.
 */
static enum pg_end
run(struct pg *pg, enum query q, const char *const values[], int open,
    const char *all, int wait_ms, struct pg_result **out)
{
	const struct pg_args planned = { .values = values, .way = PG_PLANNED };
	struct kept *k = find(pg, q, all);
	int64_t now = clock_steady_ms();
	enum pg_end end;
	char name[16];

	k->used_at = now;
	if (k->query != q || strcmp(k->values, all) != 0) {
		k->query = q;
		strcpy(k->values, all);
		k->prepared_at = 0;
		return pg_run(pg, q, &planned, wait_ms, out);
	}
	if (k->prepared_at == 0 || now >= k->prepared_at + PLAN_MS) {
		end = prepare(pg, k, open, values, wait_ms);
		if (k->prepared_at == 0)
			return end;
	}
	snprintf(name, sizeof(name), "kept_%d", (int)(k - pg->kept));
	return pg_finish(pg,
	    PQsendQueryPrepared(
		pg->conn, name, open, values, NULL, NULL, query_is_binary(q)),
	    wait_ms, out);
}

enum pg_end
pg_run_kept(struct pg *pg, enum query q, const char *const values[], int open,
    int wait_ms, struct pg_result **out)
{
	const struct pg_args planned = { .values = values, .way = PG_PLANNED };
	enum pg_end end;
	struct buf all;
	int i;

	*out = NULL;
	buf_init(&all, KEPT_VALUES - 1);
	for (i = open; i < query_args(q); i++) {
		put_literal(&all, pg, values[i]);
		buf_putc(&all, ',');
	}
	/* Too long to be kept, or not UTF-8, of which the server will say so.
	 */
	end = all.failed ? pg_run(pg, q, &planned, wait_ms, out)
			 : run(pg, q, values, open, all.data, wait_ms, out);
	buf_free(&all);
	return end;
}
