#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "libpq.h"

enum {
	PLAN_MS = 1000, /* a plan is made anew after this time */
	TEXT_MAX = 16384
};

/* The constants in one text; false: they are too long to be kept. */
static bool
put_values(char out[KEPT_VALUES], const char *const values[], int open, int n)
{
	size_t len = 0;
	int i;

	for (i = open; i < n && len < KEPT_VALUES; i++)
		len += (size_t)snprintf(out + len, KEPT_VALUES - len, "%s,",
		    values[i] != NULL ? values[i] : "NULL");
	return len < KEPT_VALUES;
}

/* Copies the statement; $5 becomes its value, unless it is open. */
static void
put_text(struct buf *out, enum query q, const char *const values[], int open)
{
	const char *text = query_text(q), *mark;
	char *end;
	long n;

	for (; (mark = strchr(text, '$')) != NULL; text = end) {
		buf_put(out, text, (size_t)(mark - text));
		n = strtol(mark + 1, &end, 10);
		if (n <= open || n > query_args(q))
			buf_put(out, mark, (size_t)(end - mark));
		else if (values[n - 1] == NULL)
			buf_puts(out, "NULL");
		else
			buf_printf(out, "'%s'", values[n - 1]);
	}
	buf_puts(out, text);
}

/* The statement's place, or that of the one that was used longest ago. */
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
prepare(struct pg *pg, struct kept *k, enum query q, const char *text,
    const char *values, int wait_ms)
{
	int n = (int)(k - pg->kept);
	struct pg_result *r = NULL;
	enum pg_end end;
	struct buf sql;

	buf_init(&sql, TEXT_MAX);
	if (k->values[0] != '\0')
		buf_printf(&sql, "DEALLOCATE kept_%d; ", n);
	buf_printf(&sql, "PREPARE kept_%d AS %s", n, text);
	k->values[0] = '\0';
	end = pg_finish(
	    pg, !sql.failed && PQsendQuery(pg->conn, sql.data), wait_ms, &r);
	buf_free(&sql);
	if (r != NULL) {
		k->query = q;
		strcpy(k->values, values);
		k->prepared_at = clock_steady_ms();
	}
	pg_free(r);
	return end;
}

enum pg_end
pg_run_kept(struct pg *pg, enum query q, const char *const values[], int open,
    int wait_ms, struct pg_result **out)
{
	char all[KEPT_VALUES], name[16];
	enum pg_end end;
	struct buf text;
	struct kept *k;

	*out = NULL;
	if (!put_values(all, values, open, query_args(q)))
		return pg_run(pg, q,
		    &(struct pg_args){ .values = values, .way = PG_PLANNED },
		    wait_ms, out);
	k = find(pg, q, all);
	if (k->query != q || strcmp(k->values, all) != 0 ||
	    clock_steady_ms() >= k->prepared_at + PLAN_MS) {
		buf_init(&text, TEXT_MAX);
		put_text(&text, q, values, open);
		end = prepare(pg, k, q, text.data, all, wait_ms);
		buf_free(&text);
		if (k->values[0] == '\0')
			return end;
	}
	k->used_at = clock_steady_ms();
	snprintf(name, sizeof(name), "kept_%d", (int)(k - pg->kept));
	return pg_finish(pg,
	    PQsendQueryPrepared(
		pg->conn, name, open, values, NULL, NULL, query_is_binary(q)),
	    wait_ms, out);
}
