/* The parameters of a request, found by name. */
#include "t.h"

#include <string.h>

#include "head.h"

enum {
	PARAMS = 40,
	NAMES = 24,
	ROUNDS = 20000
};

static const char *const names[NAMES] = { "A", "B", "AA", "AB", "BA", "HTTP_A",
	"HTTP_B", "HTTP_AB", "HTTP_HOST", "HTTP_ACCEPT", "HTTP_ACCEPT_ENCODING",
	"HTTP_CONTENT_TYPE", "CONTENT_TYPE", "CONTENT_LENGTH", "REQUEST_URI",
	"REQUEST_METHOD", "REQUEST_ID", "HTTPS", "HTTP_ORIGIN", "SERVER_NAME",
	"SERVER_PORT", "QUERY_STRING", "THRESHOLD_KWH", "SMARTCITY_SLOW_MS" };

/* xorshift64 (Marsaglia 2003). */
static unsigned int
below(unsigned int n)
{
	static uint64_t x = 88172645463325252u;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (unsigned int)(x % n);
}

/* The definition: the first of all parameters that has the name. */
static const char *
search(char **params, const char *name)
{
	size_t n = strlen(name);

	for (; *params != NULL; params++)
		if (strncmp(*params, name, n) == 0 && (*params)[n] == '=')
			return *params + n + 1;
	return NULL;
}

static void
head__random_parameters__found_as_by_a_search(void **state)
{
	char lines[PARAMS][64], *params[PARAMS + 1];
	struct head head;
	unsigned int i, k, n;

	(void)state;
	for (i = 0; i < ROUNDS; i++) {
		n = below(PARAMS);
		for (k = 0; k < n; k++) {
			snprintf(lines[k], sizeof(lines[k]), "%s=%u",
			    names[below(NAMES)], k);
			params[k] = lines[k];
		}
		params[n] = NULL;
		head_open(&head, params);
		for (k = 0; k < NAMES; k++)
			assert_ptr_equal(head_param(&head, names[k]),
			    search(params, names[k]));
	}
}

static void
head__odd_lines__passed_over(void **state)
{
	char *params[] = { "", "=", "=x", "A", "A", "AB", "A=1", "A=2", NULL };
	struct head head;

	(void)state;
	head_open(&head, params);
	assert_string_equal(head_param(&head, "A"), "1");
	assert_null(head_param(&head, "AB"));
	assert_null(head_param(&head, "B"));
}

static void
head__no_parameters__nothing_found(void **state)
{
	char *none[] = { NULL };
	struct head head;

	(void)state;
	head_open(&head, none);
	assert_null(head_param(&head, "A"));
	head_open(&head, NULL);
	assert_null(head_param(&head, "A"));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(head__random_parameters__found_as_by_a_search),
	cmocka_unit_test(head__odd_lines__passed_over),
	cmocka_unit_test(head__no_parameters__nothing_found),
};

T_MAIN(tests)
