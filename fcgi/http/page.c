#include "page.h"

#include <stdio.h>
#include <string.h>

#include "list.h"
#include "rfc3339.h"

bool
page_open(struct page *p, const struct request *req, struct response *res)
{
	return page_open_to(p, PAGE_MAX, PAGE_MAX, req, res);
}

bool
page_open_to(struct page *p, int usual, int max, const struct request *req,
    struct response *res)
{
	const char *error;

	faults_init(&p->faults);
	p->limit = usual;
	p->offset = 0;
	if ((error = params_parse(&p->params, req->query)) != NULL) {
		problem_write(
		    req, res, 400, "The query string is refused: %s", error);
		return false;
	}
	params_int(&p->params, "limit", 1, &p->limit, &p->faults);
	params_int(&p->params, "offset", 0, &p->offset, &p->faults);
	if (!page_id(p, "cursor", &p->below))
		strcpy(p->below.text, ID_LAST);
	if (p->limit > max) {
		problem_write(req, res, 400,
		    "Limit must be less than or equal to %d", max);
		return false;
	}
	return true;
}

bool
page_check(struct page *p, const struct request *req, struct response *res)
{
	if (p->faults.n == 0)
		return true;
	problem_faults(req, res, &p->faults);
	return false;
}

void
page_free(struct page *p)
{
	faults_free(&p->faults);
}

void
page_refuse(struct page *p, const char *name, const char *type, const char *msg)
{
	faults_add_text(
	    &p->faults, type, "query", name, msg, params_get(&p->params, name));
}

bool
page_id(struct page *p, const char *name, struct id *out)
{
	const char *value = params_get(&p->params, name);

	if (value == NULL)
		return false;
	if (id_parse(value, out))
		return true;
	page_refuse(p, name, "uuid_parsing", "Input should be a valid UUID");
	return false;
}

bool
page_moment(struct page *p, const char *name, int64_t *us)
{
	const char *value = params_get(&p->params, name);

	if (value == NULL)
		return false;
	if (rfc3339_parse(value, us))
		return true;
	page_refuse(p, name, "datetime_parsing", RFC3339_EXPECTED);
	return false;
}

bool
page_time(struct page *p, const char *name, struct id *out)
{
	int64_t us;

	if (!page_moment(p, name, &us))
		return false;
	*out = id_floor((us + 999) / 1000);
	return true;
}

const char *
page_choice(struct page *p, const char *name, const char *const choices[])
{
	const char *value = params_get(&p->params, name);
	char msg[256] = "Input should be ";
	size_t i, n = strlen(msg);

	if (value == NULL)
		return NULL;
	for (i = 0; choices[i] != NULL; i++) {
		if (strcmp(value, choices[i]) == 0)
			return choices[i];
		n += (size_t)snprintf(msg + n, sizeof(msg) - n, "%s'%s'",
		    i == 0                       ? ""
			: choices[i + 1] == NULL ? " or "
						 : ", ",
		    choices[i]);
	}
	page_refuse(p, name, "literal_error", msg);
	return NULL;
}

void
page_only(struct page *p, const struct request *req)
{
	const char *name;
	int i;

	for (i = 0; i < p->params.n; i++) {
		name = p->params.at[i].name;
		if (!list_has(req->query_names, name))
			faults_add_text(&p->faults, "extra_forbidden", "query",
			    name, "Extra inputs are not permitted",
			    p->params.at[i].value);
	}
}

bool
page_path_id(const struct request *req, const char *text, struct id *out,
    struct response *res)
{
	struct faults faults;

	if (id_parse(text, out))
		return true;
	faults_init(&faults);
	faults_add_text(&faults, "uuid_parsing", "path", "id",
	    "Input should be a valid UUID", text);
	problem_faults(req, res, &faults);
	faults_free(&faults);
	return false;
}

/* Encodes the characters that could end the header, or the <…> of a Link. */
static void
put_query(struct buf *out, const char *q, size_t len)
{
	static const char plain[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789-._~%&=+:/@!$*,";
	size_t i;

	for (i = 0; i < len; i++)
		if (strchr(plain, q[i]) != NULL)
			buf_putc(out, q[i]);
		else
			buf_printf(out, "%%%02X", (unsigned char)q[i]);
}

void
page_link(const struct request *req, const char *name, const char *value,
    struct response *res)
{
	static const char *const old[] = { "cursor=", "offset=", "after=" };
	const char *q = req->query;
	size_t len, i;

	buf_printf(&res->headers, "Link: <%s?", req->path);
	for (; *q != '\0'; q += len + (q[len] == '&')) {
		len = strcspn(q, "&");
		for (i = 0; i < 3; i++)
			if (strncmp(q, old[i], strlen(old[i])) == 0)
				break;
		if (i < 3 || len == 0)
			continue;
		put_query(&res->headers, q, len);
		buf_putc(&res->headers, '&');
	}
	buf_printf(&res->headers, "%s=%s>; rel=\"next\"\r\n", name, value);
}

/*
 * Appends to a JSON array, whose opening bracket is written, as many of the
 * first n rows as fit into PAGE_BYTES, but the array's first row always.
 * Returns the number of rows.
 */
static int
put_rows(struct buf *out, const struct pg_result *r, int n, page_writer *write)
{
	bool is_first;
	size_t before;
	int row;

	for (row = 0; row < n; row++) {
		before = out->len;
		is_first = before == 1;
		if (!is_first)
			buf_putc(out, ',');
		write(out, r, row);
		/* The array's end must fit as well. */
		if (!is_first && out->len >= PAGE_BYTES) {
			buf_cut(out, before);
			break;
		}
	}
	return row;
}

/* Appends the rows of one statement; *more: more rows exist and fit. */
static enum status
put_some(struct page *p, const struct context *ctx, const struct listing *list,
    struct buf *out, bool *more)
{
	struct pg_result *r = NULL;
	enum status status;
	int rows, n;

	status = list->read(ctx->db, p, list->arg, &r);
	*more = false;
	if (status != STATUS_OK)
		return status;
	rows = pg_rows(r);
	n = put_rows(out, r, rows, list->write);
	p->offset = 0;
	p->limit -= n;
	if (n > 0 && !id_parse(pg_value(r, n - 1, list->id), &p->below))
		status = STATUS_FAULT;
	p->is_full = n < rows || p->limit == 0;
	*more = !p->is_full && rows > 0 && pg_is_true(r, rows - 1, list->more);
	pg_free(r);
	return status;
}

void
page_answer(struct page *p, const struct context *ctx,
    const struct request *req, const struct listing *list, struct response *res)
{
	enum status status;
	bool more;

	buf_putc(&res->body, '[');
	do {
		status = put_some(p, ctx, list, &res->body, &more);
	} while (status == STATUS_OK && more);
	if (status != STATUS_OK) {
		problem_status(req, res, status);
		return;
	}
	buf_putc(&res->body, ']');
	if (p->is_full)
		page_link(req, "cursor", p->below.text, res);
}

void
page_list(const struct context *ctx, const struct request *req,
    const struct listing *list, struct response *res)
{
	struct page page;

	if (page_open(&page, req, res) && page_check(&page, req, res))
		page_answer(&page, ctx, req, list, res);
	page_free(&page);
}

void
page_get_row(const struct context *ctx, const struct request *req,
    const char *text, enum query query, page_writer *write, const char *none,
    struct response *res)
{
	struct id id;
	const char *const values[1] = { id.text };
	struct pg_result *r = NULL;
	enum status status;

	if (!page_path_id(req, text, &id, res))
		return;
	status = db_run(ctx->db, query, values, &r);
	if (status != STATUS_OK)
		problem_status(req, res, status);
	else if (pg_rows(r) == 0)
		problem_write(req, res, 404, "%s", none);
	else
		write(&res->body, r, 0);
	pg_free(r);
}

void
page_put_time(struct buf *out, const char *t)
{
	size_t n = strlen(t), digits = 0;

	/* "2026-11-23 10:00:00.123+00", for the session is in UTC. */
	if (n < 22 || t[10] != ' ' || strcmp(t + n - 3, "+00") != 0) {
		out->failed = true;
		return;
	}
	if (t[19] == '.')
		digits = strspn(t + 20, "0123456789");
	buf_printf(out, "\"%.10sT%.8s.%.*s%sZ\"", t, t + 11, (int)digits,
	    t + 20, &"000000"[digits < 6 ? digits : 6]);
}

void
page_put_text(struct buf *out, const char *text)
{
	if (text == NULL)
		buf_puts(out, "null");
	else
		buf_json_string(out, text, strlen(text));
}
