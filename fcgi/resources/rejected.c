#include "rejected.h"

#include <stdio.h>
#include <string.h>

#include "db.h"
#include "page.h"

/* write_rejected() writes the rows of both statements by the same columns. */
#define SAME(column) ((int)REJECTED_PAGE_##column == (int)REJECTED_GET_##column)
_Static_assert(SAME(ID) && SAME(SERVICE) && SAME(DEDUPLICATION_KEY) &&
	SAME(REASONS) && SAME(BODY) && SAME(CREATED_AT) && SAME(BODY_BYTES),
    "the first columns of rejected_page are not those of rejected_get");

/* The value of a hexadecimal digit, or -1. */
static int
nibble(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c != '\0' ? strchr(digits, c) : NULL;

	return at != NULL ? (int)(at - digits) : -1;
}

void
rejected_put_body(struct buf *out, const char *hex)
{
	struct buf bytes;
	int high, low;

	if (hex == NULL || strncmp(hex, "\\x", 2) != 0) {
		out->failed = true;
		return;
	}
	buf_init(&bytes, BODY_MAX);
	for (hex += 2; !bytes.failed && *hex != '\0'; hex += 2) {
		high = nibble(hex[0]);
		low = high < 0 ? -1 : nibble(hex[1]);
		if (low < 0)
			bytes.failed = true;
		else
			buf_putc(&bytes, (char)(high * 16 + low));
	}
	if (!bytes.failed)
		buf_json_string(out, bytes.data, bytes.len);
	out->failed = out->failed || bytes.failed;
	buf_free(&bytes);
}

static void
write_rejected(struct buf *out, const struct pg_result *r, int row)
{
	buf_printf(out,
	    "{\"id\":\"%s\",\"service\":", pg_value(r, row, REJECTED_GET_ID));
	page_put_text(out, pg_value(r, row, REJECTED_GET_SERVICE));
	buf_puts(out, ",\"deduplication_key\":");
	page_put_text(out, pg_value(r, row, REJECTED_GET_DEDUPLICATION_KEY));
	buf_puts(out, ",\"reasons\":");
	buf_puts(out, pg_value(r, row, REJECTED_GET_REASONS));
	buf_puts(out, ",\"body\":");
	rejected_put_body(out, pg_value(r, row, REJECTED_GET_BODY));
	buf_printf(out, ",\"body_bytes\":%s",
	    pg_value(r, row, REJECTED_GET_BODY_BYTES));
	buf_puts(out, ",\"created_at\":");
	page_put_time(out, pg_value(r, row, REJECTED_GET_CREATED_AT));
	buf_putc(out, '}');
}

static enum status
read_page(struct db *db, const struct page *p, const void *arg,
    struct pg_result **out)
{
	char limit[16], offset[24];
	const char *const values[REJECTED_PAGE_ARGS] = {
		[REJECTED_PAGE_ARG_CURSOR] = p->below.text,
		[REJECTED_PAGE_ARG_LIMIT] = limit,
		[REJECTED_PAGE_ARG_OFFSET] = offset,
		[REJECTED_PAGE_ARG_SERVICE] = params_get(&p->params, "service"),
	};

	(void)arg;
	snprintf(limit, sizeof(limit), "%lld", p->limit);
	snprintf(offset, sizeof(offset), "%lld", p->offset);
	return db_run_planned(db, Q_rejected_page, values, out);
}

void
rejected_list(const struct context *ctx, const struct request *req,
    const char *arg, struct response *res)
{
	static const struct listing list = { read_page, NULL, write_rejected,
		REJECTED_PAGE_ID, REJECTED_PAGE_MORE };

	(void)arg;
	page_list(ctx, req, &list, res);
}

void
rejected_get(const struct context *ctx, const struct request *req,
    const char *text, struct response *res)
{
	page_get_row(ctx, req, text, Q_rejected_get, write_rejected,
	    "No rejected event has this id", res);
}
