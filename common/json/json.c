#include "json.h"

#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

enum {
	CJSON_NUMBER = 63
};

struct json {
	struct buf text;
	cJSON *root;
};

static bool
is_number_byte(char c)
{
	return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' ||
	    c == 'e' || c == 'E';
}

static size_t
number_len(const char *number)
{
	size_t len = 0;

	while (is_number_byte(number[len]))
		len++;
	return len;
}

/* The position after the string whose opening quote p points at. */
static const char *
skip_string(const char *p)
{
	for (p++; *p != '"'; p++)
		if (*p == '\\')
			p++;
	return p + 1;
}

/* The first number at or after p in valid JSON, or the end of the JSON. */
static const char *
next_number(const char *p)
{
	while (*p != '\0' && *p != '-' && (*p < '0' || *p > '9'))
		p = *p == '"' ? skip_string(p) : p + 1;
	return p;
}

/*
 * Points each number of the tree at its text; tree and text have the same
 * order. cJSON_IsReference keeps cJSON_Delete() from freeing that text.
 */
static const char *
attach_numbers(cJSON *v, const char *p)
{
	cJSON *child;

	if (cJSON_IsNumber(v)) {
		p = next_number(p);
		v->valuestring = (char *)p;
		v->type |= cJSON_IsReference;
		return p + number_len(p);
	}
	cJSON_ArrayForEach(child, v) p = attach_numbers(child, p);
	return p;
}

/*
 * cJSON without the fix of CVE-2023-26819, as in Debian 12, reads 63 bytes of a
 * number and fails at the rest. Nothing here uses cJSON's double of a number,
 * so a 0 can take the place of a long one.
 */
static void
blank_long_numbers(char *text)
{
	char *p = text;
	size_t len;

	for (;;) {
		p = (char *)next_number(p);
		len = number_len(p);
		if (len == 0)
			return;
		if (len > CJSON_NUMBER) {
			memset(p, ' ', len);
			*p = '0';
		}
		p += len;
	}
}

static cJSON *
parse_blanked(const struct buf *text)
{
	char *copy = malloc(text->len + 1);
	cJSON *root;

	if (copy == NULL)
		return NULL;
	memcpy(copy, text->data, text->len + 1);
	blank_long_numbers(copy);
	root = cJSON_ParseWithLengthOpts(copy, text->len + 1, NULL, 1);
	free(copy);
	return root;
}

enum status
json_parse(
    const char *text, size_t len, struct json **out, struct scan_error *err)
{
	struct json *doc = calloc(1, sizeof(*doc));
	enum status status;

	if (doc == NULL)
		return STATUS_FAULT;
	buf_init(&doc->text, len);
	status = scan_json(text, len, &doc->text, err);
	if (status != STATUS_OK)
		goto out;
	doc->root = cJSON_ParseWithLengthOpts(
	    doc->text.data, doc->text.len + 1, NULL, 1);
	if (doc->root == NULL)
		doc->root = parse_blanked(&doc->text);
	if (doc->root == NULL) {
		status = STATUS_FAULT;
		goto out;
	}
	attach_numbers(doc->root, doc->text.data);
	*out = doc;
	doc = NULL;
out:
	json_free(doc);
	return status;
}

void
json_free(struct json *doc)
{
	if (doc == NULL)
		return;
	cJSON_Delete(doc->root);
	buf_free(&doc->text);
	free(doc);
}

const struct cJSON *
json_root(const struct json *doc)
{
	return doc->root;
}

const char *
json_text(const struct json *doc)
{
	return doc->text.data;
}

void
json_take_text(struct json *doc, struct buf *out)
{
	*out = doc->text;
	cJSON_Delete(doc->root);
	free(doc);
}

enum json_type
json_type(const struct cJSON *v)
{
	switch (v->type & 0xff) {
	case cJSON_False:
	case cJSON_True:
		return JSON_BOOL;
	case cJSON_Number:
		return JSON_NUMBER;
	case cJSON_String:
		return JSON_STRING;
	case cJSON_Array:
		return JSON_ARRAY;
	case cJSON_Object:
		return JSON_OBJECT;
	default:
		return JSON_NULL;
	}
}

const struct cJSON *
json_member(const struct cJSON *v, const char *name)
{
	if (!cJSON_IsObject(v))
		return NULL;
	return cJSON_GetObjectItemCaseSensitive(v, name);
}

const struct cJSON *
json_first(const struct cJSON *v)
{
	return v->child;
}

const struct cJSON *
json_next(const struct cJSON *v)
{
	return v->next;
}

const char *
json_name(const struct cJSON *v)
{
	return v->string;
}

bool
json_bool(const struct cJSON *v)
{
	return cJSON_IsTrue(v);
}

const char *
json_string(const struct cJSON *v)
{
	return v->valuestring;
}

const char *
json_number(const struct cJSON *v, size_t *len)
{
	*len = number_len(v->valuestring);
	return v->valuestring;
}

static void
write_string(struct buf *b, const char *s)
{
	buf_json_string(b, s, strlen(s));
}

void
json_write_inside(struct buf *b, const struct cJSON *v)
{
	bool named = json_type(v) == JSON_OBJECT;
	const struct cJSON *child;

	for (child = v->child; child != NULL; child = child->next) {
		if (child != v->child)
			buf_putc(b, ',');
		if (named) {
			write_string(b, child->string);
			buf_putc(b, ':');
		}
		json_write(b, child);
	}
}

void
json_write(struct buf *b, const struct cJSON *v)
{
	switch (json_type(v)) {
	case JSON_NULL:
		buf_puts(b, "null");
		break;
	case JSON_BOOL:
		buf_puts(b, cJSON_IsTrue(v) ? "true" : "false");
		break;
	case JSON_NUMBER:
		buf_put(b, v->valuestring, number_len(v->valuestring));
		break;
	case JSON_STRING:
		write_string(b, v->valuestring);
		break;
	case JSON_ARRAY:
		buf_putc(b, '[');
		json_write_inside(b, v);
		buf_putc(b, ']');
		break;
	case JSON_OBJECT:
		buf_putc(b, '{');
		json_write_inside(b, v);
		buf_putc(b, '}');
		break;
	}
}
