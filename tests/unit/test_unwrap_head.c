/* CloudEvents in the headers of HTTP: how they are decoded, and the faults. */
#include "t.h"

#include <stdbool.h>
#include <string.h>

#include "unwrap.h"
#include "event.h"
#include "request.h"
#include "rfc3339.h"

#define TRACE "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

static const struct cloud_head good = {
	.specversion = "1.0", .id = "1", .source = "/s", .type = "t"
};

/* Expects the key, or, if want is NULL, one fault that has the part. */
static void
expect(const struct cloud_head *head, const char *want, const char *part)
{
	struct unwrapped e;
	struct faults faults;
	enum status status;

	faults_init(&faults);
	status = unwrap_head(&e, head, &faults);
	if (want != NULL) {
		if (status != STATUS_OK)
			fail_msg("%s: %s", want, faults.text.data);
		assert_string_equal(e.key.data, want);
		assert_true(event_key_is_fit(e.key.data));
		assert_null(e.data);
	} else {
		assert_int_equal(status, STATUS_REJECT);
		if (faults.n != 1 || strstr(faults.text.data, J(part)) == NULL)
			fail_msg("%s: %s", part, faults.text.data);
	}
	unwrap_free(&e);
	faults_free(&faults);
}

/* The example of section 3.1.4 of the HTTP binding. */
static void
unwrap_head__example__read(void **state)
{
	static const struct cloud_head head = { .specversion = "1.0",
		.type = "com.example.someevent",
		.time = "2018-04-05T03:56:24Z",
		.id = "1234-1234-1234",
		.source = "/mycontext/subcontext",
		.traceparent = TRACE };
	struct unwrapped e;
	struct faults faults;
	int64_t us;

	(void)state;
	faults_init(&faults);
	assert_int_equal(unwrap_head(&e, &head, &faults), STATUS_OK);
	assert_int_equal(faults.n, 0);
	assert_string_equal(e.key.data, "/mycontext/subcontext 1234-1234-1234");
	assert_true(rfc3339_parse("2018-04-05T03:56:24Z", &us));
	assert_int_equal(e.time_us, us);
	assert_string_equal(e.traceparent, TRACE);
	unwrap_free(&e);
}

static void
unwrap_head__values__unquoted_then_decoded(void **state)
{
	static const struct {
		const char *raw, *want;
	} rows[] = {
		/* The example of section 3.1.3.2. */
		{ "Euro%20%E2%82%AC%20%F0%9F%98%80",
		    "/s Euro \xe2\x82\xac \xf0\x9f\x98\x80" },
		{ "%e2%82%ac", "/s \xe2\x82\xac" },
		{ "%41%62", "/s Ab" },
		/* One round only. */
		{ "%2541", "/s %41" },
		{ "a+b", "/s a+b" },
		{ "\"a b\"", "/s a b" },
		{ "\"a\\\"b\\\\c\"", "/s a\"b\\c" },
		{ "\"%41\\%42\"", "/s AB" },
		{ "a\"b \"c", "/s ab c" },
		{ "a\\b", "/s a\\b" },
		{ "%22", "/s \"" },
		{ "%20", "/s  " },
		/* As older versions allowed, and some clients send. */
		{ "\xe2\x82\xac", "/s \xe2\x82\xac" },
	};
	struct cloud_head head = good;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		head.id = rows[i].raw;
		expect(&head, rows[i].want, NULL);
	}
	head = good;
	head.specversion = "\"1.0\"";
	head.source = "%2Fs";
	head.time = "2018-04-05T03%3A56%3A24Z";
	expect(&head, "/s 1", NULL);
}

static void
unwrap_head__not_decodable__its_fault(void **state)
{
	static const struct {
		const char *raw, *part;
	} rows[] = {
		{ "%", "hexadecimal" },
		{ "%4", "hexadecimal" },
		{ "a%zz", "hexadecimal" },
		{ "%4g", "hexadecimal" },
		{ "%%41", "hexadecimal" },
		{ "%00", "not 00" },
		/* The specification's example of an overlong form. */
		{ "%C0%A0", "percent-encoded UTF-8','input':'%C0%A0'" },
		{ "%E2%82", "percent-encoded UTF-8" },
		{ "%ED%A0%80", "percent-encoded UTF-8" },
		{ "\xff", "percent-encoded UTF-8" },
		{ "\"a", "quotation mark" },
		{ "a\"", "quotation mark" },
		{ "\"a\\\"", "quotation mark" },
		{ "\"a\\", "quotation mark" },
		{ "%0A", "control characters" },
		{ "a%7F", "control characters" },
		{ "", "at least 1 character" },
		{ "\"\"", "at least 1 character" },
	};
	struct cloud_head head = good;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		head.id = rows[i].raw;
		expect(&head, NULL, rows[i].part);
		expect(&head, NULL, "'loc':['header','ce-id'],'msg':");
	}
}

static void
unwrap_head__attribute_that_is_not_fit__its_fault(void **state)
{
	struct cloud_head head = good;

	(void)state;
	head.specversion = "0.3";
	expect(&head, NULL,
	    "{'type':'literal_error','loc':['header','ce-specversion'],");
	head = good;
	head.source = "/a%20b";
	expect(&head, NULL,
	    "{'type':'value_error','loc':['header','ce-source'],'msg':'Input "
	    "should be a URI reference, which has no blanks',"
	    "'input':'/a%20b'}");
	head = good;
	head.type = "%01";
	expect(&head, NULL, "'loc':['header','ce-type']");
	head = good;
	head.time = "yesterday";
	expect(&head, NULL,
	    "{'type':'datetime_parsing','loc':['header','ce-time']");
	head = good;
	head.traceparent = "00-%";
	expect(&head, "/s 1", NULL);
}

static void
unwrap_head__nothing_at_all__every_fault(void **state)
{
	static const char *const names[] = { "specversion", "source", "id",
		"type" };
	static const struct cloud_head none;
	struct unwrapped e;
	struct faults faults;
	char part[128];
	size_t i;

	(void)state;
	faults_init(&faults);
	assert_int_equal(unwrap_head(&e, &none, &faults), STATUS_REJECT);
	assert_int_equal(faults.n, 4);
	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(part, sizeof(part),
		    "{'type':'missing','loc':['header','ce-%s'],"
		    "'msg':'Field required','input':null}",
		    names[i]);
		assert_non_null(strstr(faults.text.data, J(part)));
	}
	unwrap_free(&e);
	faults_free(&faults);
}

static void
unwrap_head__any_required_one__means_a_cloudevent(void **state)
{
	(void)state;
	assert_false(unwrap_is_binary(&(struct cloud_head){ 0 }));
	assert_false(unwrap_is_binary(
	    &(struct cloud_head){ .time = "x", .traceparent = "x" }));
	assert_true(
	    unwrap_is_binary(&(struct cloud_head){ .specversion = "" }));
	assert_true(unwrap_is_binary(&(struct cloud_head){ .id = "1" }));
	assert_true(unwrap_is_binary(&(struct cloud_head){ .source = "/" }));
	assert_true(unwrap_is_binary(&(struct cloud_head){ .type = "t" }));
}

static void
unwrap_head__too_long_for_memory__our_fault(void **state)
{
	char *id = malloc((3 << 20) + 1);
	struct cloud_head head = good;
	struct unwrapped e;
	struct faults faults;

	(void)state;
	assert_non_null(id);
	memset(id, 'x', 3 << 20);
	id[3 << 20] = '\0';
	head.id = id;
	faults_init(&faults);
	assert_int_equal(unwrap_head(&e, &head, &faults), STATUS_FAULT);
	unwrap_free(&e);
	faults_free(&faults);
	free(id);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(unwrap_head__example__read),
	cmocka_unit_test(unwrap_head__values__unquoted_then_decoded),
	cmocka_unit_test(unwrap_head__not_decodable__its_fault),
	cmocka_unit_test(unwrap_head__attribute_that_is_not_fit__its_fault),
	cmocka_unit_test(unwrap_head__nothing_at_all__every_fault),
	cmocka_unit_test(unwrap_head__any_required_one__means_a_cloudevent),
	cmocka_unit_test(unwrap_head__too_long_for_memory__our_fault),
};

T_MAIN(tests)
