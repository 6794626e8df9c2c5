#include "unwrap.h"

#include <stdio.h>
#include <string.h>

#include "body.h"
#include "coerce.h"
#include "event.h"
#include "id.h"
#include "rfc3339.h"
#include "url.h"
#include "utf8.h"

enum {
	TEXT_MAX = 2 << 20 /* bytes; a source and an id of the largest body */
};

static const struct coerce_error
    string_type = { "string_type", "Input should be a valid string" },
    too_short = { "string_too_short",
	    "String should have at least 1 character" },
    control = { "value_error", "Input should have no control characters" },
    version = { "literal_error", "Input should be '1.0'" },
    blank = { "value_error",
	    "Input should be a URI reference, which has no blanks" },
    no_time = { "datetime_parsing", RFC3339_EXPECTED },
    no_json = { "value_error",
	    "Input should be application/json, or a type that ends in +json" },
    no_object = { "dict_type", "Input should be a valid dictionary" },
    base64 = { "value_error",
	    "Binary data cannot be taken: send data, a JSON object" },
    quotes = { "value_error",
	    "Input should have a closing quotation mark for each opening one" },
    escape = { "value_error",
	    "Input should have two hexadecimal digits, not 00, behind each %" },
    no_utf8 = { "value_error", "Input should be percent-encoded UTF-8" };

/* The functions below check an attribute, and keep what is needed of it. */

static const struct coerce_error *
read_version(struct unwrapped *e, const char *text)
{
	(void)e;
	return strcmp(text, "1.0") == 0 ? NULL : &version;
}

static const struct coerce_error *
read_type(struct unwrapped *e, const char *text)
{
	(void)e;
	if (*text == '\0')
		return &too_short;
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return &control;
	return NULL;
}

/* Without a blank in it, the key's two parts cannot be confused. */
static const struct coerce_error *
read_source(struct unwrapped *e, const char *text)
{
	const struct coerce_error *error = read_type(e, text);

	if (error == NULL && strchr(text, ' ') != NULL)
		error = &blank;
	buf_puts(&e->key, text);
	return error;
}

static const struct coerce_error *
read_id(struct unwrapped *e, const char *text)
{
	buf_putc(&e->key, ' ');
	buf_puts(&e->key, text);
	return read_type(e, text);
}

static const struct coerce_error *
read_time(struct unwrapped *e, const char *text)
{
	return rfc3339_parse(text, &e->time_us) ? NULL : &no_time;
}

static const struct coerce_error *
read_traceparent(struct unwrapped *e, const char *text)
{
	if (traceparent_is_valid(text))
		strcpy(e->traceparent, text);
	return NULL;
}

static const struct coerce_error *
read_content_type(struct unwrapped *e, const char *text)
{
	const struct coerce_error *error = read_type(e, text);

	return error == NULL && !body_is_json(text) ? &no_json : error;
}

/* In the order of the key: the source stands before the id. */
enum {
	SPECVERSION,
	SOURCE,
	ID,
	TYPE,
	TIME,
	TRACE,
	CONTENT_TYPE,
	ATTRIBUTES
};

static const struct attribute {
	const char *name;
	enum {
		REQUIRED,
		OPTIONAL,
		IGNORED /* if it is wrong */
	} need;
	const struct coerce_error *(*read)(struct unwrapped *, const char *);
} attributes[ATTRIBUTES] = {
	[SPECVERSION] = { "specversion", REQUIRED, read_version },
	[SOURCE] = { "source", REQUIRED, read_source },
	[ID] = { "id", REQUIRED, read_id },
	[TYPE] = { "type", REQUIRED, read_type },
	[TIME] = { "time", OPTIONAL, read_time },
	[TRACE] = { "traceparent", IGNORED, read_traceparent },
	[CONTENT_TYPE] = { "datacontenttype", OPTIONAL, read_content_type },
};

static void
begin(struct unwrapped *e)
{
	*e = (struct unwrapped){ .time_us = -1 };
	buf_init(&e->key, TEXT_MAX);
}

/* before: the number of faults when the event's reading began. */
static enum status
end(struct unwrapped *e, const struct faults *faults, int before)
{
	if (faults->n > before)
		return STATUS_REJECT;
	id_shorten(&e->key, KEY_MAX);
	return e->key.failed ? STATUS_FAULT : STATUS_OK;
}

/* The member; NULL, as the specification wants it, also if it is null. */
static const struct cJSON *
find(const struct cJSON *object, const char *name)
{
	const struct cJSON *member = json_member(object, name);

	return member == NULL || json_type(member) == JSON_NULL ? NULL : member;
}

static void
add_fault(struct faults *faults, const struct coerce_error *error,
    const char *name, const struct cJSON *input)
{
	faults_add_member(faults, error->type, name, error->msg, input);
}

static void
read_member(struct unwrapped *e, const struct cJSON *object,
    const struct attribute *a, struct faults *faults)
{
	const struct cJSON *member = find(object, a->name);
	const struct coerce_error *error;

	if (member == NULL) {
		if (a->need == REQUIRED)
			faults_add_member(faults, "missing", a->name,
			    "Field required", object);
		return;
	}
	error = json_type(member) == JSON_STRING
	    ? a->read(e, json_string(member))
	    : &string_type;
	if (error != NULL && a->need != IGNORED)
		add_fault(faults, error, a->name, member);
}

static void
read_data(
    struct unwrapped *e, const struct cJSON *object, struct faults *faults)
{
	const struct cJSON *bytes = find(object, "data_base64");

	e->data = find(object, "data");
	if (bytes != NULL)
		add_fault(faults, &base64, "data_base64", bytes);
	else if (e->data == NULL)
		faults_add_member(
		    faults, "missing", "data", "Field required", object);
	if (e->data != NULL && json_type(e->data) != JSON_OBJECT)
		add_fault(faults, &no_object, "data", e->data);
}

enum status
unwrap_json(
    struct unwrapped *e, const struct cJSON *object, struct faults *faults)
{
	int before = faults->n, i;

	begin(e);
	if (json_type(object) != JSON_OBJECT) {
		add_fault(faults, &no_object, NULL, object);
		return STATUS_REJECT;
	}
	for (i = 0; i < ATTRIBUTES; i++)
		read_member(e, object, &attributes[i], faults);
	read_data(e, object, faults);
	return end(e, faults, before);
}

/* Removes quotation marks, and backslashes inside them (RFC 7230, 3.2.6). */
static const struct coerce_error *
unquote(const char *s, struct buf *out)
{
	bool quoted = false;

	for (; *s != '\0'; s++) {
		if (*s == '"') {
			quoted = !quoted;
			continue;
		}
		if (quoted && *s == '\\' && s[1] != '\0')
			s++;
		buf_putc(out, *s);
	}
	return quoted ? &quotes : NULL;
}

/* As the HTTP binding 1.0.2 wants it in 3.1.3.2: one round of decoding. */
static const struct coerce_error *
decode(const char *raw, struct buf *out)
{
	const struct coerce_error *error = unquote(raw, out);
	char *from = out->data, *to = out->data;
	int byte;

	if (error != NULL)
		return error;
	for (; *from != '\0'; from++, to++) {
		*to = *from;
		if (*from != '%')
			continue;
		byte = url_escaped_byte(from);
		if (byte <= 0)
			return &escape;
		*to = (char)byte;
		from += 2;
	}
	buf_cut(out, (size_t)(to - out->data));
	return utf8_is_valid(out->data, out->len) ? NULL : &no_utf8;
}

static void
read_header(struct unwrapped *e, const char *raw, const struct attribute *a,
    struct faults *faults)
{
	const struct coerce_error *error;
	struct buf text;
	char name[32];

	snprintf(name, sizeof(name), "ce-%s", a->name);
	if (raw == NULL) {
		if (a->need == REQUIRED)
			faults_add(faults, "missing", "header", name,
			    "Field required", "null");
		return;
	}
	buf_init(&text, TEXT_MAX);
	error = decode(raw, &text);
	if (error == NULL)
		error = a->read(e, text.data);
	if (error != NULL && a->need != IGNORED)
		faults_add_text(
		    faults, error->type, "header", name, error->msg, raw);
	e->key.failed |= text.failed;
	buf_free(&text);
}

enum status
unwrap_head(
    struct unwrapped *e, const struct cloud_head *head, struct faults *faults)
{
	/* Content-Type stands for the datacontenttype. */
	const char *const values[ATTRIBUTES] = {
		[SPECVERSION] = head->specversion,
		[SOURCE] = head->source,
		[ID] = head->id,
		[TYPE] = head->type,
		[TIME] = head->time,
		[TRACE] = head->traceparent,
	};
	int before = faults->n, i;

	begin(e);
	for (i = 0; i < ATTRIBUTES; i++)
		read_header(e, values[i], &attributes[i], faults);
	return end(e, faults, before);
}

void
unwrap_free(struct unwrapped *e)
{
	buf_free(&e->key);
}

bool
unwrap_is_binary(const struct cloud_head *head)
{
	return head->specversion != NULL || head->id != NULL ||
	    head->source != NULL || head->type != NULL;
}
