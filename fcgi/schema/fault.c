#include "fault.h"

#include <string.h>

enum {
	FAULTS_MAX_BYTES = 8 << 20,
	MEMBER_MAX_BYTES = 4 << 20, /* longer than any body */
	INPUT_MAX_BYTES = 1024
};

void
faults_init(struct faults *f)
{
	buf_init(&f->text, FAULTS_MAX_BYTES);
	f->n = 0;
}

void
faults_free(struct faults *f)
{
	buf_free(&f->text);
}

static void
put_name(struct buf *b, const char *name)
{
	if (name == NULL)
		return;
	buf_putc(b, ',');
	buf_json_string(b, name, strlen(name));
}

void
faults_add_inner(struct faults *f, const char *type, const char *where,
    const char *field, const char *inner, const char *msg, const char *input)
{
	struct buf *b = &f->text;
	size_t n = strlen(input);

	if (f->n++ > 0)
		buf_putc(b, ',');
	buf_printf(b, "{\"type\":\"%s\",\"loc\":[\"%s\"", type, where);
	put_name(b, field);
	put_name(b, inner);
	buf_puts(b, "],\"msg\":");
	buf_json_string(b, msg, strlen(msg));
	buf_puts(b, ",\"input\":");
	/* The sender knows what it sent; no need to return a megabyte. */
	if (n <= INPUT_MAX_BYTES)
		buf_put(b, input, n);
	else
		buf_puts(b, "null");
	buf_putc(b, '}');
}

void
faults_add(struct faults *f, const char *type, const char *where,
    const char *field, const char *msg, const char *input)
{
	faults_add_inner(f, type, where, field, NULL, msg, input);
}

void
faults_add_member(struct faults *f, const char *type, const char *name,
    const char *msg, const struct cJSON *input)
{
	struct buf text;

	buf_init(&text, MEMBER_MAX_BYTES);
	json_write(&text, input);
	faults_add(f, type, "body", name, msg, text.data);
	buf_free(&text);
}

void
faults_add_text(struct faults *f, const char *type, const char *where,
    const char *field, const char *msg, const char *input)
{
	struct buf quoted;

	buf_init(&quoted, 6 * strlen(input) + 3);
	buf_json_string(&quoted, input, strlen(input));
	faults_add(f, type, where, field, msg, quoted.data);
	buf_free(&quoted);
}
