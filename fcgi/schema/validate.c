#include "validate.h"

#include <stdio.h>

#include "coerce.h"

static void
add_syntax_error(const struct scan_error *error, struct faults *faults)
{
	char msg[128];

	snprintf(msg, sizeof(msg), "JSON decode error: %s at byte %zu",
	    error->reason, error->offset);
	faults_add(faults, "json_invalid", "body", NULL, msg, "{}");
}

enum status
validate_array(const char *text, size_t len, struct faults *faults)
{
	struct scan_error error;
	enum status status = scan_array(text, len, &error);

	if (status == STATUS_REJECT)
		add_syntax_error(&error, faults);
	return status;
}

enum status
validate_parse(
    const char *text, size_t len, struct json **out, struct faults *faults)
{
	struct scan_error error;
	enum status status;
	struct json *document;

	status = json_parse(text, len, &document, &error);
	if (status == STATUS_REJECT)
		add_syntax_error(&error, faults);
	if (status != STATUS_OK)
		return status;
	if (json_type(json_root(document)) == JSON_OBJECT) {
		*out = document;
		return STATUS_OK;
	}
	faults_add(faults, "dict_type", "body", NULL,
	    "Input should be a valid dictionary", json_text(document));
	json_free(document);
	return STATUS_REJECT;
}

void
validate(const struct service *service, const struct cJSON *body,
    struct value values[FIELDS_MAX], struct faults *faults)
{
	const struct coerce_error *error;
	const struct cJSON *member;
	const struct field *f;

	for (f = service->fields; f->name != NULL; f++) {
		member = json_member(body, f->name);
		error = coerce(f->type, member, &values[f - service->fields]);
		if (error != NULL)
			faults_add_member(
			    faults, error->type, f->name, error->msg, member);
	}
}

void
validate_write(enum field_type type, const struct value *v, struct buf *out)
{
	if (!v->is_set)
		buf_puts(out, "null");
	else if (type == FIELD_STRING)
		buf_json_string(out, v->string, strlen(v->string));
	else if (type == FIELD_BOOL)
		buf_puts(out, v->truth ? "true" : "false");
	else
		buf_puts(out, v->text);
}

static bool
is_field(const struct service *service, const char *name)
{
	const struct field *f;

	for (f = service->fields; f->name != NULL; f++)
		if (strcmp(f->name, name) == 0)
			return true;
	return false;
}

static void
put_name(struct buf *out, const char *name)
{
	if (out->len > 1)
		buf_putc(out, ',');
	buf_json_string(out, name, strlen(name));
	buf_putc(out, ':');
}

void
validate_normalise(const struct service *service, const struct cJSON *body,
    const struct value values[FIELDS_MAX], struct buf *out)
{
	const struct cJSON *member;
	const struct field *f;

	buf_reset(out);
	buf_putc(out, '{');
	for (f = service->fields; f->name != NULL; f++) {
		put_name(out, f->name);
		validate_write(f->type, &values[f - service->fields], out);
	}
	for (member = json_first(body); member; member = json_next(member)) {
		if (is_field(service, json_name(member)))
			continue;
		put_name(out, json_name(member));
		json_write(out, member);
	}
	buf_putc(out, '}');
}
