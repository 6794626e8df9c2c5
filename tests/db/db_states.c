/*
 * The states of deliveries are in one table of C. Every other list of them must
 * be the same: SQL's constraint and functions, the API's description, and the
 * README for receivers.
 */
#include "t.h"

#include <string.h>

#include "database.h"
#include "state.h"

enum {
	TEXT_MAX = 1024
};

static char openapi[512 << 10], readme[64 << 10];

static void
load(const char *path, char *text, size_t size)
{
	FILE *f = fopen(path, "r");
	size_t n;

	assert_non_null(f);
	n = fread(text, 1, size - 1, f);
	assert_true(n < size - 1);
	text[n] = '\0';
	fclose(f);
}

static int
open_all(void **state)
{
	load("nginx/docs/openapi.json", openapi, sizeof(openapi));
	load("worker/README.md", readme, sizeof(readme));
	database_make(state);
	return 0;
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorts the words and joins them: "a b c". */
static const char *
sorted(const char *words[], size_t n)
{
	static char text[TEXT_MAX];
	size_t i;

	qsort(words, n, sizeof(*words), compare);
	text[0] = '\0';
	for (i = 0; i < n; i++) {
		if (i > 0)
			strcat(text, " ");
		strcat(text, words[i]);
	}
	return text;
}

/* The first n states except `without`, and `more` unless that is NULL. */
static const char *
states(int n, enum delivery_state without, const char *more)
{
	const char *words[MESSAGE_STATES + 1];
	size_t k = 0;
	int i;

	for (i = 0; i < n; i++)
		if (i != (int)without)
			words[k++] =
			    delivery_state_name((enum delivery_state)i);
	if (more != NULL)
		words[k++] = more;
	return sorted(words, k);
}

/* Expects the words `want` in single quotes in a text that SQL returns. */
static void
expect_in_sql(const char *want, const char *text)
{
	char *got = t_sql(url,
	    "SELECT string_agg(DISTINCT w[1], ' ' ORDER BY w[1])"
	    " FROM regexp_matches((%s), '''([a-z-]+)''', 'g') AS w",
	    text);

	assert_string_equal(got, want);
	free(got);
}

/* Expects the members `want` of the enum at the JSON path `at`. */
static void
expect_in_openapi(const char *want, const char *at)
{
	char *got = t_sql(url,
	    "SELECT string_agg(e #>> '{}', ' ' ORDER BY e #>> '{}')"
	    " FROM jsonb_path_query($openapi$%s$openapi$::jsonb, '%s') AS e",
	    openapi, at);

	assert_string_equal(got, want);
	free(got);
}

static void
states__constraint_of_sql__all_but_held(void **state)
{
	(void)state;
	expect_in_sql(states(DELIVERY_STATES, DELIVERY_HELD, NULL),
	    "SELECT string_agg(pg_get_constraintdef(c.oid), ' ')"
	    " FROM pg_constraint AS c WHERE conrelid = 'deliveries'::regclass"
	    " AND contype = 'c' AND pg_get_constraintdef(c.oid) ~ 'status'");
}

static void
states__function_of_sql__finds_each(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < DELIVERY_STATES; i++) {
		const char *name = delivery_state_name((enum delivery_state)i);
		char *got =
		    t_sql(url, "SELECT message_state('{%s}'::text[])", name);

		assert_string_equal(got, name);
		free(got);
	}
}

static void
states__schemas_of_openapi__the_same(void **state)
{
	(void)state;
	expect_in_openapi(states(DELIVERY_STATES, MESSAGE_STATES, NULL),
	    "$.components.schemas.DeliveryState.enum[*]");
	expect_in_openapi(states(MESSAGE_STATES, MESSAGE_STATES, NULL),
	    "$.components.schemas.MessageState.enum[*]");
}

static void
states__filter_of_openapi__the_same_and_the_old_name(void **state)
{
	(void)state;
	assert_int_equal(delivery_state_find("sent"), DELIVERY_UNCLAIMED);
	expect_in_openapi(states(MESSAGE_STATES, MESSAGE_STATES, "sent"),
	    J("$.paths.'/outbox'.get.parameters[*] ? (@.name == 'status')"
	      ".schema.enum[*]"));
}

/* A row begins with its state; the table ends with an empty line. */
static void
states__table_of_the_readme__the_same(void **state)
{
	char *at = strstr(readme, "\n## States\n"), *line;
	const char *words[TEXT_MAX / 8] = { 0 };
	size_t n = 0;

	(void)state;
	assert_non_null(at);
	at = strstr(at, "\n|---");
	assert_non_null(at);
	*strstr(at, "\n\n") = '\0';
	strsep(&at, "\n");
	strsep(&at, "\n");
	while ((line = strsep(&at, "\n")) != NULL) {
		assert_true(n < MESSAGE_STATES);
		assert_memory_equal(line, "| ", 2);
		line += 2;
		words[n++] = strsep(&line, " ");
	}
	assert_string_equal(
	    sorted(words, n), states(DELIVERY_STATES, MESSAGE_STATES, NULL));
}

static void
states__each_name__found_again(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < MESSAGE_STATES; i++)
		assert_int_equal(
		    delivery_state_find(delivery_state_names[i]), i);
	assert_null(delivery_state_names[MESSAGE_STATES]);
	assert_int_equal(delivery_state_find("Pending"), -1);
	assert_int_equal(delivery_state_find(""), -1);
	assert_int_equal(delivery_state_find(NULL), -1);
}

static void
breaker__schemas_of_openapi__the_same(void **state)
{
	const char *words[BREAKER_STATES];
	int i;

	(void)state;
	for (i = 0; i < BREAKER_STATES; i++) {
		words[i] = breaker_state_name((enum breaker_state)i);
		assert_int_equal(breaker_state_find(words[i]), i);
	}
	assert_int_equal(breaker_state_find("ajar"), -1);
	expect_in_openapi(sorted(words, BREAKER_STATES),
	    "$.components.schemas.Subscription.properties.breaker.properties"
	    ".state.enum[*]");
	expect_in_openapi(sorted(words, BREAKER_STATES),
	    "$.components.schemas.SubscriptionWithSecret.properties.breaker"
	    ".properties.state.enum[*]");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(states__constraint_of_sql__all_but_held),
	cmocka_unit_test(states__function_of_sql__finds_each),
	cmocka_unit_test(states__schemas_of_openapi__the_same),
	cmocka_unit_test(states__filter_of_openapi__the_same_and_the_old_name),
	cmocka_unit_test(states__table_of_the_readme__the_same),
	cmocka_unit_test(states__each_name__found_again),
	cmocka_unit_test(breaker__schemas_of_openapi__the_same),
};

T_MAIN_WITH(tests, open_all, database_drop)
