/*
 * Completes the API's description at build: openapi VERSION FIXTURES, with
 * openapi.json on standard input, prints it with VERSION and, after POST
 * /ingest/{service}, one operation for each service of the table: its fields,
 * the events that its rules derive, and as examples the accepted bodies of
 * FIXTURES/{service}. Each service's payload is a schema with a name, so that
 * generated clients have a type for it.
 */
#include <ctype.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "service.h"

#define PATTERN INGEST_PATH "{service}"

enum {
	DOCUMENT_MAX = 4 << 20
};

/* The schemas in openapi.json that say what coerce.c takes. */
static const char *const schemas[] = {
	[FIELD_INT] = "Integer",
	[FIELD_FLOAT] = "Number",
	[FIELD_BOOL] = "Boolean",
	[FIELD_STRING] = "String",
};

static const char *fixtures;

static _Noreturn void
die(const char *what, const char *why)
{
	fprintf(stderr, "openapi: %s: %s\n", what, why);
	exit(1);
}

static struct json *
load(FILE *f, const char *name)
{
	char *text = malloc(DOCUMENT_MAX);
	struct scan_error error;
	struct json *out;
	size_t n;

	if (f == NULL || text == NULL)
		die(name, "cannot be read");
	n = fread(text, 1, DOCUMENT_MAX, f);
	if (json_parse(text, n, &out, &error) != STATUS_OK)
		die(name, error.reason);
	free(text);
	return out;
}

/* "name": , with a comma before all but the first of its object. */
static void
put_name(struct buf *out, const char *name)
{
	if (out->len > 0 && out->data[out->len - 1] != '{')
		buf_putc(out, ',');
	buf_json_string(out, name, strlen(name));
	buf_putc(out, ':');
}

static void
put_text(struct buf *out, const char *name, const struct buf *text)
{
	put_name(out, name);
	buf_json_string(out, text->data, text->len);
}

/* "accept-above.json" is the example "above". */
static void
put_examples(struct buf *out, const char *service)
{
	char pattern[256], name[64];
	struct json *fixture;
	const char *stem;
	size_t i;
	glob_t g;

	snprintf(
	    pattern, sizeof(pattern), "%s/%s/accept-*.json", fixtures, service);
	if (glob(pattern, 0, NULL, &g) != 0)
		die(pattern, "there is none");
	put_name(out, "examples");
	buf_putc(out, '{');
	for (i = 0; i < g.gl_pathc; i++) {
		fixture = load(fopen(g.gl_pathv[i], "r"), g.gl_pathv[i]);
		stem = strrchr(g.gl_pathv[i], '/') + strlen("/accept-");
		snprintf(name, sizeof(name), "%.*s",
		    (int)(strlen(stem) - strlen(".json")), stem);
		put_name(out, name);
		buf_puts(out, "{\"value\":");
		json_write(out, json_member(json_root(fixture), "body"));
		buf_putc(out, '}');
		json_free(fixture);
	}
	buf_putc(out, '}');
	globfree(&g);
}

/* {"$ref": …} to the schema of a service's payload: HealthPayload. */
static void
put_payload_ref(struct buf *out, const struct service *service)
{
	buf_printf(out, "{\"$ref\":\"#/components/schemas/%c%sPayload\"}",
	    toupper(service->name[0]), service->name + 1);
}

static void
put_request(struct buf *out, const struct service *service)
{
	put_name(out, "requestBody");
	buf_puts(out,
	    "{\"required\":true,\"content\":{\"application/json\":{"
	    "\"schema\":");
	put_payload_ref(out, service);
	put_examples(out, service->name);
	buf_puts(out,
	    "},\"application/cloudevents+json\":{\"schema\":{\"$ref\":"
	    "\"#/components/schemas/CloudEvent\"}}}}");
}

static void
put_payload(struct buf *out, const struct service *service)
{
	const struct field *f;
	char name[128];

	snprintf(name, sizeof(name), "%c%sPayload", toupper(service->name[0]),
	    service->name + 1);
	put_name(out, name);
	buf_printf(out,
	    "{\"type\":\"object\",\"description\":\"What %s sends; other "
	    "members are kept as they are.\",\"properties\":{",
	    service->name);
	for (f = service->fields; f->name != NULL; f++) {
		put_name(out, f->name);
		buf_printf(out, "{\"$ref\":\"#/components/schemas/%s\"}",
		    schemas[f->type]);
	}
	buf_puts(out, "},\"additionalProperties\":true}");
}

/*
 * The document's schemas, one for each service, and AnyPayload, which allows
 * any of the services' or another object.
 */
static void
put_schemas(struct buf *out, const struct cJSON *known)
{
	const struct service *const *s;
	const struct cJSON *v;

	buf_putc(out, '{');
	for (v = json_first(known); v != NULL; v = json_next(v)) {
		put_name(out, json_name(v));
		json_write(out, v);
	}
	for (s = service_all(); *s != NULL; s++)
		put_payload(out, *s);
	put_name(out, "AnyPayload");
	buf_puts(out,
	    "{\"description\":\"What a known service sends, or any "
	    "object.\",\"anyOf\":[");
	for (s = service_all(); *s != NULL; s++) {
		put_payload_ref(out, *s);
		buf_putc(out, ',');
	}
	buf_puts(out, "{\"$ref\":\"#/components/schemas/Payload\"}]}}");
}

static void
put_components(struct buf *out, const struct cJSON *components)
{
	const struct cJSON *v;

	buf_putc(out, '{');
	for (v = json_first(components); v != NULL; v = json_next(v)) {
		put_name(out, json_name(v));
		if (strcmp(json_name(v), "schemas") == 0)
			put_schemas(out, v);
		else
			json_write(out, v);
	}
	buf_putc(out, '}');
}

/* A rule's condition is code, but what it sends is data. */
static void
put_description(struct buf *out, const struct service *service)
{
	const struct derived *d;
	const struct rule *r;
	struct buf text;

	buf_init(&text, DOCUMENT_MAX);
	buf_puts(
	    &text, "All fields are optional; others are kept as they are.");
	for (r = service->rules; r->id != NULL; r++) {
		buf_printf(&text,
		    "\n\nWhere its rule applies, events are derived under the "
		    "key `%s`, for",
		    r->key);
		for (d = r->derives; d->service != NULL; d++)
			buf_printf(&text, "%s `%s`",
			    d == r->derives ? "" : " and", d->service);
		buf_putc(&text, '.');
	}
	put_text(out, "description", &text);
	buf_free(&text);
}

/* All but the name in the path, which is its own here. */
static void
put_parameters(struct buf *out, const struct cJSON *parameters)
{
	const struct cJSON *p = json_next(json_first(parameters));

	put_name(out, "parameters");
	buf_putc(out, '[');
	for (; p != NULL; p = json_next(p)) {
		json_write(out, p);
		if (json_next(p) != NULL)
			buf_putc(out, ',');
	}
	buf_putc(out, ']');
}

/* All but 404: a service of the table is known. */
static void
put_responses(struct buf *out, const struct cJSON *responses)
{
	const struct cJSON *r;

	put_name(out, "responses");
	buf_putc(out, '{');
	for (r = json_first(responses); r != NULL; r = json_next(r)) {
		if (strcmp(json_name(r), "404") == 0)
			continue;
		put_name(out, json_name(r));
		json_write(out, r);
	}
	buf_putc(out, '}');
}

static void
put_operation(
    struct buf *out, const struct service *service, const struct cJSON *pattern)
{
	const struct cJSON *post = json_member(pattern, "post");

	put_name(out, "post");
	buf_printf(out,
	    "{\"operationId\":\"ingest%c%s\",\"tags\":[\"ingest\"],"
	    "\"summary\":\"Send an event of %s\"",
	    toupper(service->name[0]), service->name + 1, service->name);
	put_description(out, service);
	put_parameters(out, json_member(post, "parameters"));
	put_request(out, service);
	put_responses(out, json_member(post, "responses"));
	buf_putc(out, '}');
}

static void
put_paths(struct buf *out, const struct cJSON *paths)
{
	const struct service *const *s;
	const struct cJSON *path;
	char name[128];

	buf_putc(out, '{');
	for (path = json_first(paths); path != NULL; path = json_next(path)) {
		put_name(out, json_name(path));
		json_write(out, path);
		if (strcmp(json_name(path), PATTERN) != 0)
			continue;
		for (s = service_all(); *s != NULL; s++) {
			snprintf(
			    name, sizeof(name), INGEST_PATH "%s", (*s)->name);
			put_name(out, name);
			buf_putc(out, '{');
			put_operation(out, *s, path);
			buf_putc(out, '}');
		}
	}
	buf_putc(out, '}');
}

static void
put_info(struct buf *out, const struct cJSON *info, const char *version)
{
	const struct cJSON *v;

	buf_putc(out, '{');
	for (v = json_first(info); v != NULL; v = json_next(v)) {
		put_name(out, json_name(v));
		if (strcmp(json_name(v), "version") == 0)
			buf_json_string(out, version, strlen(version));
		else
			json_write(out, v);
	}
	buf_putc(out, '}');
}

int
main(int argc, char **argv)
{
	struct json *document;
	const struct cJSON *v;
	struct buf out;

	if (argc != 3)
		die("usage", "openapi VERSION FIXTURES <openapi.json");
	fixtures = argv[2];
	document = load(stdin, "openapi.json");
	buf_init(&out, DOCUMENT_MAX);
	buf_putc(&out, '{');
	v = json_first(json_root(document));
	for (; v != NULL; v = json_next(v)) {
		put_name(&out, json_name(v));
		if (strcmp(json_name(v), "info") == 0)
			put_info(&out, v, argv[1]);
		else if (strcmp(json_name(v), "paths") == 0)
			put_paths(&out, v);
		else if (strcmp(json_name(v), "components") == 0)
			put_components(&out, v);
		else
			json_write(&out, v);
	}
	buf_puts(&out, "}\n");
	if (out.failed)
		die("openapi.json", "is too long");
	fwrite(out.data, 1, out.len, stdout);
	buf_free(&out);
	json_free(document);
	return fclose(stdout) == 0 ? 0 : 1;
}
