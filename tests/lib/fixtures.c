#include "t.h"

#include <glob.h>
#include <string.h>

#include "fixtures.h"
#include "service.h"

enum {
	FIXTURES_MAX = 512
};

static char *
read_file(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = calloc(1, 1 << 20);

	assert_non_null(f);
	assert_non_null(text);
	assert_true(fread(text, 1, (1 << 20) - 1, f) > 0);
	fclose(f);
	return text;
}

static void
load(struct fixture *fixture, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash;
	struct scan_error error;
	char *text = read_file(path);

	while (name[-1] != '/')
		name--;
	snprintf(fixture->service, sizeof(fixture->service), "%.*s",
	    (int)(slash - name), name);
	snprintf(fixture->path, sizeof(fixture->path), "%s", path);
	fixture->accepts = strncmp(slash, "/accept-", 8) == 0;
	if (json_parse(text, strlen(text), &fixture->document, &error) !=
	    STATUS_OK) {
		fprintf(stderr, "%s: %s\n", path, error.reason);
		abort();
	}
	free(text);
}

static void
check_complete(const char *verdict)
{
	const struct service *const *s;
	char pattern[256];
	glob_t g;

	for (s = service_all(); *s != NULL; s++) {
		snprintf(pattern, sizeof(pattern),
		    "tests/fixtures/%s/%s-*.json", (*s)->name, verdict);
		if (glob(pattern, 0, NULL, &g) != 0) {
			fprintf(stderr, "no fixture %s\n", pattern);
			abort();
		}
		globfree(&g);
	}
}

int
fixtures_run(const char *group, CMUnitTestFunction test,
    CMFixtureFunction setup, CMFixtureFunction teardown)
{
	static struct fixture fixtures[FIXTURES_MAX];
	static struct CMUnitTest tests[FIXTURES_MAX];
	size_t i, n;
	int failed;
	glob_t g;

	check_complete("accept");
	check_complete("reject");
	if (glob("tests/fixtures/*/*-*.json", 0, NULL, &g) != 0)
		abort();
	n = g.gl_pathc < FIXTURES_MAX ? g.gl_pathc : FIXTURES_MAX;
	for (i = 0; i < n; i++) {
		load(&fixtures[i], g.gl_pathv[i]);
		tests[i] = (struct CMUnitTest){ fixtures[i].path, test, NULL,
			NULL, &fixtures[i] };
	}
	failed = _cmocka_run_group_tests(group, tests, n, setup, teardown);
	for (i = 0; i < n; i++)
		json_free(fixtures[i].document);
	globfree(&g);
	return failed;
}

char *
fixture_text(const struct fixture *fixture, const char *member)
{
	const struct cJSON *v =
	    json_member(json_root(fixture->document), member);
	struct buf text;

	assert_non_null(v);
	buf_init(&text, 1 << 20);
	json_write(&text, v);
	assert_false(text.failed);
	return text.data;
}
