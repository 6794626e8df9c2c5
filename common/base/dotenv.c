#include "dotenv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "expand.h"

#define PATH ".env"
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"
#define NAME_CHARS LETTERS "0123456789.-"
#define BLANKS " \t\r\v\f"

enum {
	ERROR_LEN = 256,
	FILE_MAX = 1 << 20,
	VALUE_MAX = 1 << 16
};

struct reader {
	struct dotenv *out;
	const char *p, *end;
	int number; /* line number at p */
	int first;  /* line number where the statement began */
	dotenv_source *source;
	struct buf value;
	bool has_dollar;
	char *error;
};

static enum status
refuse(const struct reader *r, const char *what)
{
	snprintf(r->error, ERROR_LEN, PATH ", line %d: %s", r->first, what);
	return STATUS_REJECT;
}

static size_t
span(const char *s, const char *end, const char *chars)
{
	const char *p = s;

	while (p < end && strchr(chars, *p) != NULL)
		p++;
	return (size_t)(p - s);
}

static const char *
trim_end(const char *s, const char *end)
{
	while (end > s && strchr(BLANKS, end[-1]) != NULL)
		end--;
	return end;
}

static const char *
line_end(const struct reader *r)
{
	const char *p = memchr(r->p, '\n', (size_t)(r->end - r->p));

	return p != NULL ? p : r->end;
}

/* --- lines ---------------------------------------------------------------- */

static enum status
add(struct reader *r, const char *name, size_t len)
{
	struct dotenv *d = r->out;
	struct dotenv_line *all =
	    realloc(d->lines, (d->count + 1) * sizeof(*all));
	struct dotenv_line *line;

	if (all == NULL)
		return refuse(r, "out of memory");
	d->lines = all;
	line = &all[d->count++];
	*line = (struct dotenv_line){ strndup(name, len),
		strdup(r->value.len > 0 ? r->value.data : ""), r->first,
		r->has_dollar };
	if (line->name == NULL || line->value == NULL)
		return refuse(r, "out of memory");
	return STATUS_OK;
}

/* The last line of a name wins, also if its value is empty. */
static const struct dotenv_line *
find(const struct dotenv *d, const char *name, size_t len)
{
	size_t i;

	for (i = d->count; i > 0; i--)
		if (strlen(d->lines[i - 1].name) == len &&
		    memcmp(d->lines[i - 1].name, name, len) == 0)
			return &d->lines[i - 1];
	return NULL;
}

/* --- values --------------------------------------------------------------- */

/* Empty counts as not set: Compose passes unset variables as empty ones. */
static const char *
look_up(const void *arg, const char *name, size_t len)
{
	const struct reader *r = arg;
	const struct dotenv_line *line;
	const char *value = NULL;
	char *copy = strndup(name, len);

	if (copy != NULL)
		value = r->source(copy);
	free(copy);
	if (value != NULL && *value != '\0')
		return value;
	line = find(r->out, name, len);
	return line != NULL ? line->value : NULL;
}

/* Appends the text from s up to end, expanded, to the value. */
static enum status
expand_value(struct reader *r, const char *s, const char *end, bool quoted)
{
	struct expansion e = { &r->value, look_up, r, quoted, false };
	const char *error = expand(&e, s, end);

	r->has_dollar |= e.has_dollar;
	return error != NULL ? refuse(r, error) : STATUS_OK;
}

/* Only blanks and a comment may follow a quoted value. */
static enum status
end_quoted(struct reader *r)
{
	r->p += span(r->p, r->end, BLANKS);
	if (r->p < r->end && *r->p != '#' && *r->p != '\n')
		return refuse(r, "text behind the closing quote");
	r->p = line_end(r);
	return STATUS_OK;
}

/* r->p is at the opening quote. */
static enum status
quoted_value(struct reader *r)
{
	const char quote = *r->p++, *begin = r->p;
	enum status status;

	for (; r->p < r->end && *r->p != quote; r->p++) {
		if (*r->p == '\\' && r->p + 1 < r->end)
			r->p++;
		if (*r->p == '\n')
			r->number++;
		if (quote == '\'' && *r->p == quote) {
			buf_put(&r->value, begin, (size_t)(r->p - 1 - begin));
			begin = r->p;
		}
	}
	if (r->p >= r->end)
		return refuse(r, "a quote is not closed");
	if (quote == '\'') {
		buf_put(&r->value, begin, (size_t)(r->p - begin));
		status = STATUS_OK;
	} else {
		status = expand_value(r, begin, r->p, true);
	}
	r->p++;
	return status == STATUS_OK ? end_quoted(r) : status;
}

static enum status
plain_value(struct reader *r)
{
	const char *begin = r->p, *end = line_end(r), *p;

	r->p = end;
	for (p = begin + 1; p < end; p++)
		if (*p == '#' && strchr(BLANKS, p[-1]) != NULL)
			end = p;
	return expand_value(r, begin, trim_end(begin, end), false);
}

/* --- statements ----------------------------------------------------------- */

/* r->p is where a line's text begins. */
static enum status
statement(struct reader *r)
{
	static const char export[] = "export";
	const char *end = line_end(r), *equals, *name = r->p, *name_end;
	size_t len = span(name, end, NAME_CHARS), gap;
	enum status status;

	gap = span(name + len, end, BLANKS);
	if (len == strlen(export) && memcmp(name, export, len) == 0 &&
	    gap > 0 && name + len + gap < end && name[len + gap] != '=')
		name += len + gap;
	equals = name < end ? memchr(name, '=', (size_t)(end - name)) : NULL;
	name_end = trim_end(name, equals != NULL ? equals : end);
	len = span(name, name_end, NAME_CHARS);
	if (equals == NULL || name + len != name_end || len == 0) {
		r->p = end;
		/* Compose takes a name without = from the environment. */
		return equals == NULL && name + len == name_end ? STATUS_OK
								: add(r, "", 0);
	}
	r->p = equals + 1;
	r->p += span(r->p, end, BLANKS);
	status = r->p < end && strchr("'\"", *r->p) != NULL ? quoted_value(r)
							    : plain_value(r);
	if (status == STATUS_OK && r->value.failed)
		return refuse(r, "the value is too long");
	return status == STATUS_OK ? add(r, name, len) : status;
}

static enum status
statements(struct reader *r)
{
	enum status status = STATUS_OK;

	while (status == STATUS_OK) {
		r->p += span(r->p, r->end, BLANKS);
		if (r->p == r->end)
			break;
		r->first = r->number;
		r->has_dollar = false;
		buf_reset(&r->value);
		if (*r->p == '\n') {
			r->number++;
			r->p++;
		} else if (*r->p == '#') {
			r->p = line_end(r);
		} else {
			status = statement(r);
		}
	}
	return status;
}

enum status
dotenv_parse(struct dotenv *d, const char *text, size_t len,
    dotenv_source *source, char error[ERROR_LEN])
{
	struct reader r = { .out = d,
		.p = text,
		.end = text + len,
		.number = 1,
		.first = 1,
		.source = source,
		.error = error };
	enum status status;

	*d = (struct dotenv){ 0 };
	if (memchr(text, '\0', len) != NULL)
		return refuse(&r, "the file is not UTF-8 text");
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		r.p += 3;
	buf_init(&r.value, VALUE_MAX);
	status = statements(&r);
	buf_free(&r.value);
	return status;
}

/* No error if there is no file, or its directory cannot be entered. */
static enum status
unopened(char *error)
{
	int e = errno;

	if (e == ENOENT || access(".", X_OK) != 0)
		return STATUS_OK;
	snprintf(error, ERROR_LEN, PATH ": %s", strerror(e));
	return STATUS_REJECT;
}

static const char *
environment(const char *name)
{
	return getenv(name);
}

enum status
dotenv_open(struct dotenv *d, char error[ERROR_LEN])
{
	enum status status = STATUS_REJECT;
	FILE *f = fopen(PATH, "re");
	char *text;
	size_t len;

	*d = (struct dotenv){ 0 };
	if (f == NULL)
		return unopened(error);
	text = malloc(FILE_MAX);
	len = text != NULL ? fread(text, 1, FILE_MAX, f) : 0;
	if (text == NULL || ferror(f))
		snprintf(error, ERROR_LEN, PATH ": %s", strerror(errno));
	else if (len == FILE_MAX)
		snprintf(error, ERROR_LEN, PATH ": longer than a megabyte");
	else
		status = dotenv_parse(d, text, len, environment, error);
	free(text);
	fclose(f);
	return status;
}

void
dotenv_free(struct dotenv *d)
{
	size_t i;

	for (i = 0; i < d->count; i++) {
		free(d->lines[i].name);
		free(d->lines[i].value);
	}
	free(d->lines);
	*d = (struct dotenv){ 0 };
}

const char *
dotenv_get(const struct dotenv *d, const char *name)
{
	const struct dotenv_line *line = find(d, name, strlen(name));

	return line != NULL && line->value[0] != '\0' ? line->value : NULL;
}
