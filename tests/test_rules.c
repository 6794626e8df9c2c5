/* Deduplication keys and settings, beyond what fixtures show. */
#include "t.h"

#include <string.h>

#include "rules.h"
#include "validate.h"

static char *
findings(const char *service, const char *body, const struct business *b)
{
	struct value values[FIELDS_MAX];
	struct scan_error error;
	struct faults faults;
	struct json *document;
	struct buf out;

	assert_int_equal(
	    json_parse(body, strlen(body), &document, &error), STATUS_OK);
	faults_init(&faults);
	validate(service_find(service), json_root(document), values, &faults);
	buf_init(&out, 1 << 24);
	rules_evaluate(service_find(service), values, b, &out);
	faults_free(&faults);
	json_free(document);
	return out.data;
}

static void
rules__threshold_lowered__fires(void **state)
{
	struct business b = {
		.threshold_kwh = 500, .quiet_seconds = -1, .remind_seconds = -1
	};
	char *out = findings("energy", "{\"energy\":400}", &b);

	(void)state;
	assert_string_equal(out, "[]");
	free(out);
	b.threshold_kwh = 399.5;
	out = findings("energy", "{\"energy\":400}", &b);
	assert_non_null(strstr(out, "critical_energy_usage_None"));
	free(out);
}

static void
rules__windows_set__override_the_rule(void **state)
{
	struct business b = {
		.threshold_kwh = 500, .quiet_seconds = -1, .remind_seconds = -1
	};
	char *out = findings("health", "{\"alert\":\"emergency\"}", &b);

	(void)state;
	assert_non_null(strstr(out, "\"quiet\":300,\"remind\":3600"));
	free(out);
	b.quiet_seconds = 0;
	b.remind_seconds = 60;
	out = findings("health", "{\"alert\":\"emergency\"}", &b);
	assert_non_null(strstr(out, "\"quiet\":0,\"remind\":60"));
	free(out);
}

static void
rules__watched_field__text_or_null(void **state)
{
	struct business b = {
		.threshold_kwh = 500, .quiet_seconds = -1, .remind_seconds = -1
	};
	char *out = findings("health", "{\"alert\":\"emergency\"}", &b);

	(void)state;
	assert_non_null(strstr(out, "\"watched\":null"));
	free(out);
	out = findings(
	    "health", "{\"alert\":\"emergency\",\"location\":\"A\"}", &b);
	assert_non_null(strstr(out, "\"watched\":\"A\""));
	free(out);
	out = findings("energy", "{\"energy\":501}", &b);
	assert_null(strstr(out, "watched"));
	free(out);
}

/* Two long keys that differ at their end only stay two keys. */
static void
rules__key_too_long__cut_and_hashed(void **state)
{
	struct business b = {
		.threshold_kwh = 500, .quiet_seconds = -1, .remind_seconds = -1
	};
	char body[4096], *a, *z, *key;
	int n;

	(void)state;
	n = snprintf(body, sizeof(body), "{\"energy\":501,\"neighborhood\":\"");
	memset(body + n, 'x', 3000);
	strcpy(body + n + 3000, "a\"}");
	a = findings("energy", body, &b);
	strcpy(body + n + 3000, "z\"}");
	z = findings("energy", body, &b);
	key = strstr(a, "\"key\":\"") + 7;
	assert_int_equal(strcspn(key, "\""), RULES_KEY_MAX);
	assert_memory_not_equal(
	    key, strstr(z, "\"key\":\"") + 7, RULES_KEY_MAX);
	free(a);
	free(z);
}

static void
service__names__checked(void **state)
{
	char name[70];

	(void)state;
	assert_true(service_name_is_valid("water"));
	assert_true(service_name_is_valid("0-_z"));
	assert_false(service_name_is_valid(""));
	assert_false(service_name_is_valid("_x"));
	assert_false(service_name_is_valid("Water"));
	assert_false(service_name_is_valid("a%0a"));
	assert_false(service_name_is_valid("a\n"));
	assert_false(service_name_is_valid("\xc3\xa9"));
	memset(name, 'a', sizeof(name));
	name[63] = '\0';
	assert_true(service_name_is_valid(name));
	name[63] = 'a';
	name[64] = '\0';
	assert_false(service_name_is_valid(name));
	assert_null(service_find("Health"));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(rules__threshold_lowered__fires),
	cmocka_unit_test(rules__windows_set__override_the_rule),
	cmocka_unit_test(rules__watched_field__text_or_null),
	cmocka_unit_test(rules__key_too_long__cut_and_hashed),
	cmocka_unit_test(service__names__checked),
};

T_MAIN(tests)
