/* Deduplication keys and settings, beyond what fixtures show. */
#include "t.h"

#include <string.h>

#include "rules.h"
#include "validate.h"

/* The settings if nothing is set. */
static const struct business defaults = {
	.threshold_kwh = 500, .quiet_seconds = -1, .remind_seconds = -1
};

/* The caller frees the findings. */
static struct findings
findings(const char *service, const char *body, const struct business *b)
{
	struct value values[FIELDS_MAX];
	struct scan_error error;
	struct findings found;
	struct faults faults;
	struct json *document;

	assert_int_equal(
	    json_parse(body, strlen(body), &document, &error), STATUS_OK);
	faults_init(&faults);
	validate(service_find(service), json_root(document), values, &faults);
	rules_evaluate(service_find(service), values, b, &found);
	assert_false(found.failed);
	faults_free(&faults);
	json_free(document);
	return found;
}

static void
rules__threshold_lowered__fires(void **state)
{
	struct business b = defaults;
	struct findings f = findings("energy", "{\"energy\":400}", &b);

	(void)state;
	assert_int_equal(f.n, 0);
	findings_free(&f);
	b.threshold_kwh = 399.5;
	f = findings("energy", "{\"energy\":400}", &b);
	assert_int_equal(f.n, 1);
	assert_string_equal(f.list[0].key.data, "critical_energy_usage_None");
	assert_string_equal(f.list[0].rule->id, "critical");
	findings_free(&f);
}

static void
rules__windows_set__override_the_rule(void **state)
{
	struct business b = defaults;
	struct findings f = findings("health", J("{'alert':'emergency'}"), &b);

	(void)state;
	assert_int_equal(f.n, 2);
	assert_int_equal(f.list[0].quiet_seconds, 300);
	assert_int_equal(f.list[1].remind_seconds, 3600);
	findings_free(&f);
	b.quiet_seconds = 0;
	b.remind_seconds = 60;
	f = findings("health", J("{'alert':'emergency'}"), &b);
	assert_int_equal(f.list[0].quiet_seconds, 0);
	assert_int_equal(f.list[1].remind_seconds, 60);
	findings_free(&f);
}

static void
rules__watched_field__text_or_null(void **state)
{
	struct findings f =
	    findings("health", J("{'alert':'emergency'}"), &defaults);

	(void)state;
	assert_false(f.list[0].is_watched);
	findings_free(&f);
	f = findings(
	    "health", J("{'alert':'emergency','location':'A'}"), &defaults);
	assert_true(f.list[0].is_watched);
	assert_string_equal(f.list[0].watched.data, "A");
	findings_free(&f);
	f = findings("energy", "{\"energy\":501}", &defaults);
	assert_null(f.list[0].rule->watch);
	assert_false(f.list[0].is_watched);
	findings_free(&f);
}

/* Two long keys that differ only at their end must stay different. */
static void
rules__key_too_long__cut_and_hashed(void **state)
{
	struct findings a, z;
	char body[4096];
	int n;

	(void)state;
	n = snprintf(body, sizeof(body), "{\"energy\":501,\"neighborhood\":\"");
	memset(body + n, 'x', 3000);
	strcpy(body + n + 3000, "a\"}");
	a = findings("energy", body, &defaults);
	strcpy(body + n + 3000, "z\"}");
	z = findings("energy", body, &defaults);
	assert_int_equal(a.list[0].key.len, RULES_KEY_MAX);
	assert_string_not_equal(a.list[0].key.data, z.list[0].key.data);
	findings_free(&a);
	findings_free(&z);
}

/* Counters and answers name a rule by its id. */
static void
rules__ids__unique_in_their_service(void **state)
{
	const struct service *const *s;
	const struct rule *r, *other;

	(void)state;
	for (s = service_all(); *s != NULL; s++)
		for (r = (*s)->rules; r->id != NULL; r++)
			for (other = (*s)->rules; other != r; other++)
				assert_string_not_equal(r->id, other->id);
}

static void
service__names_with_any_byte__checked(void **state)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
	char name[3];
	int c;

	(void)state;
	for (c = 1; c < 256; c++) {
		snprintf(name, sizeof(name), "a%c", c);
		assert_true(
		    service_name_is_valid(name) == (strchr(good, c) != NULL));
		snprintf(name, sizeof(name), "%ca", c);
		assert_true(service_name_is_valid(name) ==
		    (strchr(good, c) != NULL && c != '_' && c != '-'));
	}
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
	cmocka_unit_test(rules__ids__unique_in_their_service),
	cmocka_unit_test(service__names__checked),
	cmocka_unit_test(service__names_with_any_byte__checked),
};

T_MAIN(tests)
