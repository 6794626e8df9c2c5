/* Names of settings that are nearly right. */
#include "t.h"

#include <string.h>

#include "config.h"
#include "spelling.h"

struct row {
	const char *name, *near; /* NULL: no warning */
};

static void
assert_rows(const struct row *rows, size_t n, enum spelling_place place)
{
	const char *near;
	size_t i;

	for (i = 0; i < n; i++) {
		near = spelling_suggest(rows[i].name, place);
		if ((near == NULL) != (rows[i].near == NULL) ||
		    (near != NULL && strcmp(near, rows[i].near) != 0))
			fail_msg("%s: %s", rows[i].name, near ? near : "none");
	}
}

#define ASSERT_ROWS(rows, place)                                               \
	assert_rows(rows, sizeof(rows) / sizeof(*(rows)), place)

static void
spelling__known_names__not_suggested_for(void **state)
{
	int i;

	(void)state;
	for (i = 0; config_name(i) != NULL; i++) {
		assert_null(
		    spelling_suggest(config_name(i), SPELLING_ENVIRONMENT));
		assert_null(spelling_suggest(config_name(i), SPELLING_FILE));
	}
}

static void
spelling__misspelt__the_nearest(void **state)
{
	static const struct row rows[] = {
		{ "THRESHHOLD_KWH", "THRESHOLD_KWH" },
		{ "THRESHOLD_KW", "THRESHOLD_KWH" },
		{ "THRESHOLD", NULL },
		{ "THRESHOLD_ENERGY_KWH", "THRESHOLD_KWH" },
		{ "threshold_kwh", "THRESHOLD_KWH" },
		{ "DATABASE_URI", "DATABASE_URL" },
		{ "SMARTCITY_PROCESES", "SMARTCITY_PROCESSES" },
		{ "SMARTCTY_PROCESSES", "SMARTCITY_PROCESSES" },
		{ "OUTBOX_MAX_ATTEMPT", "OUTBOX_MAX_ATTEMPTS" },
		{ "OUTBOX_BATCH", "OUTBOX_BATCH_SIZE" },
		{ "PATH", NULL },
		{ "HOME", NULL },
		{ "PGPASSWORD", NULL },
		{ "POTR", NULL },
		{ "SMARTCITY_LISTENER", NULL },
		{ "", NULL },
	};

	(void)state;
	ASSERT_ROWS(rows, SPELLING_ENVIRONMENT);
}

static void
spelling__misspelt_in_the_file__also_what_make_and_compose_take(void **state)
{
	static const struct row rows[] = {
		{ "THRESHHOLD_KWH", "THRESHOLD_KWH" },
		{ "POSTGRES_PASWORD", "POSTGRES_PASSWORD" },
		{ "COMPOSE_PROFILE", "COMPOSE_PROFILES" },
		{ "PORTS", "PORT" },
		{ "HOST", NULL },
		{ "POSTGRES_HOST", NULL },
		{ "REDIS_URL", NULL },
		{ "PORT", NULL },
	};

	(void)state;
	ASSERT_ROWS(rows, SPELLING_FILE);
}

static void
spelling__very_long_name__no_suggestion(void **state)
{
	char name[500];

	(void)state;
	memset(name, 'A', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	memcpy(name, "SMARTCITY_", 10);
	assert_null(spelling_suggest(name, SPELLING_FILE));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(spelling__known_names__not_suggested_for),
	cmocka_unit_test(spelling__misspelt__the_nearest),
	cmocka_unit_test(
	    spelling__misspelt_in_the_file__also_what_make_and_compose_take),
	cmocka_unit_test(spelling__very_long_name__no_suggestion),
};

T_MAIN(tests)
