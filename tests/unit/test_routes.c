/* The table of routes and nginx/docs/openapi.json say the same. */
#include <ctype.h>
#include <string.h>

#include "json.h"
#include "list.h"
#include "route.h"
#include "t.h"

enum {
	DOCUMENT_MAX = 1 << 20
};

static struct json *document;

static int
open_document(void **state)
{
	static char text[DOCUMENT_MAX];
	FILE *f = fopen("nginx/docs/openapi.json", "r");
	struct scan_error error;
	size_t n;

	(void)state;
	assert_non_null(f);
	n = fread(text, 1, sizeof(text), f);
	fclose(f);
	return json_parse(text, n, &document, &error) == STATUS_OK ? 0 : -1;
}

static int
close_document(void **state)
{
	(void)state;
	json_free(document);
	return 0;
}

/* "/events/{id}/trace" as the table writes it: "/events/{}/trace". */
static void
to_pattern(const char *path, char pattern[256])
{
	bool within = false;

	for (; *path != '\0'; path++) {
		if (*path == '}')
			within = false;
		if (!within)
			*pattern++ = *path;
		if (*path == '{')
			within = true;
	}
	*pattern = '\0';
}

/* The value itself, or what its "$ref" points to: "#/components/…". */
static const struct cJSON *
resolve(const struct cJSON *value)
{
	const struct cJSON *ref = json_member(value, "$ref");
	char *path, *rest, *name;

	if (ref == NULL)
		return value;
	value = json_root(document);
	rest = path = strdup(json_string(ref) + 2);
	while ((name = strsep(&rest, "/")) != NULL)
		value = json_member(value, name);
	free(path);
	assert_non_null(value);
	return value;
}

/* Appends the names of the query parameters in an array of parameters. */
static void
put_names(struct buf *out, const struct cJSON *parameters)
{
	const struct cJSON *p, *one;

	if (parameters == NULL)
		return;
	for (p = json_first(parameters); p != NULL; p = json_next(p)) {
		one = resolve(p);
		if (strcmp(json_string(json_member(one, "in")), "query") == 0)
			buf_printf(out, "%s%s", out->len > 0 ? "," : "",
			    json_string(json_member(one, "name")));
	}
}

/* Asserts that list b has all names of list a; messages call b `where`. */
static void
assert_contains(
    const char *a, const char *b, const char *where, const char *route)
{
	const char *list = a, *entry;
	char name[64];
	size_t len;

	while (list_next(&list, &entry, &len)) {
		if (len == 0)
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)len, entry);
		if (!list_has(b, name))
			fail_msg("%s: %s lacks the query parameter %s", route,
			    where, name);
	}
}

/* Whether the table has the operation; compares its parameters. */
static bool
check_operation(
    const char *path, const struct cJSON *operation, const struct cJSON *shared)
{
	const char *method, *pattern, *query;
	char wanted[256], upper[16] = "", route[300];
	const char *name = json_name(operation);
	struct buf names;
	int i;

	to_pattern(path, wanted);
	for (i = 0; i < 15 && name[i] != '\0'; i++)
		upper[i] = (char)toupper((unsigned char)name[i]);
	snprintf(route, sizeof(route), "%s %s", upper, path);
	buf_init(&names, 4096);
	put_names(&names, shared);
	put_names(&names, json_member(operation, "parameters"));
	for (i = 0; route_describe(i, &method, &pattern, &query); i++) {
		if (strcmp(method, upper) != 0 || strcmp(pattern, wanted) != 0)
			continue;
		assert_contains(query, names.len > 0 ? names.data : "",
		    "openapi.json", route);
		assert_contains(names.len > 0 ? names.data : "", query,
		    "the table of routes", route);
		buf_free(&names);
		return true;
	}
	buf_free(&names);
	return false;
}

static void
openapi__every_operation__is_a_route_with_its_parameters(void **state)
{
	const struct cJSON *paths, *path, *operation, *shared;
	const char *method, *pattern, *query;
	int described = 0, routes = 0;

	(void)state;
	paths = json_member(json_root(document), "paths");
	for (path = json_first(paths); path != NULL; path = json_next(path)) {
		shared = json_member(path, "parameters");
		for (operation = json_first(path); operation != NULL;
		     operation = json_next(operation)) {
			if (operation == shared)
				continue;
			if (!check_operation(
				json_name(path), operation, shared))
				fail_msg("no route for %s %s",
				    json_name(operation), json_name(path));
			described++;
		}
	}
	while (route_describe(routes, &method, &pattern, &query))
		routes++;
	/* Each operation has a route of its own, so none is left over. */
	assert_int_equal(described, routes);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(
	    openapi__every_operation__is_a_route_with_its_parameters),
};

T_MAIN_WITH(tests, open_document, close_document)
