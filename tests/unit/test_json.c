/* Documents: numbers as sent, exact names, and what is written back. */
#include "t.h"

#include <cjson/cJSON.h>
#include <dlfcn.h>
#include <string.h>

#include "json.h"

#define MEBIBYTE ((size_t)1 << 20)
#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static enum {
	CJSON_AS_INSTALLED,
	CJSON_OF_63_DIGITS, /* as before the fix of CVE-2023-26819 */
	CJSON_OUT_OF_MEMORY,
} cjson;

/* Linked instead of the library's function. */
CJSON_PUBLIC(cJSON *)
cJSON_ParseWithLengthOpts(
    const char *text, size_t size, const char **end, cJSON_bool terminated)
{
	cJSON *(*real)(const char *, size_t, const char **, cJSON_bool);
	const char *p;

	if (cjson == CJSON_OUT_OF_MEMORY)
		return NULL;
	for (p = text; cjson == CJSON_OF_63_DIGITS && *p != '\0'; p++)
		if (strspn(p, "0123456789.") > 63)
			return NULL;
	*(void **)&real = dlsym(RTLD_NEXT, "cJSON_ParseWithLengthOpts");
	return real(text, size, end, terminated);
}

static struct json *
parse(const char *text)
{
	struct scan_error error = { 0, "" };
	struct json *doc = NULL;

	if (json_parse(text, strlen(text), &doc, &error) != STATUS_OK)
		fail_msg("%s at %zu", error.reason, error.offset);
	return doc;
}

static void
assert_number(const struct cJSON *v, const char *want)
{
	const char *text;
	size_t len;

	assert_non_null(v);
	assert_int_equal(json_type(v), JSON_NUMBER);
	text = json_number(v, &len);
	assert_int_equal(len, strlen(want));
	assert_memory_equal(text, want, len);
}

static void
assert_written(const struct cJSON *v, const char *want)
{
	struct buf b;

	buf_init(&b, MEBIBYTE);
	json_write(&b, v);
	assert_false(b.failed);
	assert_string_equal(b.data, want);
	buf_free(&b);
}

static void
number__any_spelling__kept_as_sent(void **state)
{
	static const char *const rows[] = { "9223372036854775807",
		"-9223372036854775808", "18446744073709551615",
		"9007199254740993", "0.30000000000000004",
		"1.7976931348623157e308", "1e2", "1E+02", "1.0", "1.50", "-0",
		"-0.0", "0e5", "123456789012345678901234567890.5" };
	struct json *doc;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		doc = parse(rows[i]);
		assert_number(json_root(doc), rows[i]);
		assert_written(json_root(doc), rows[i]);
		json_free(doc);
	}
}

static void
assert_long_numbers_kept(void)
{
	char text[SCAN_NUMBER + 1] = "", twice[3 * SCAN_NUMBER];
	struct json *doc;
	size_t len;

	for (len = 62; len <= SCAN_NUMBER; len++) {
		memset(text, '7', len);
		text[1] = '.';
		snprintf(twice, sizeof(twice),
		    "{\"a\":[%s,5],\"7\":%s,\"b\":-1e2}", text, text);
		doc = parse(twice);
		assert_number(json_member(json_root(doc), "7"), text);
		assert_number(json_member(json_root(doc), "b"), "-1e2");
		assert_written(json_root(doc), twice);
		assert_string_equal(json_text(doc), twice);
		json_free(doc);
		doc = parse(text);
		assert_number(json_root(doc), text);
		json_free(doc);
	}
}

static void
number__of_128_characters__kept_as_sent(void **state)
{
	(void)state;
	assert_long_numbers_kept();
}

static void
number__of_128_characters_in_an_old_cjson__kept_as_sent(void **state)
{
	(void)state;
	cjson = CJSON_OF_63_DIGITS;
	assert_long_numbers_kept();
	cjson = CJSON_AS_INSTALLED;
}

static void
parse__out_of_memory__fault(void **state)
{
	struct json *doc = NULL;
	struct scan_error error;

	(void)state;
	cjson = CJSON_OUT_OF_MEMORY;
	assert_int_equal(json_parse("[1]", 3, &doc, &error), STATUS_FAULT);
	assert_null(doc);
	cjson = CJSON_AS_INSTALLED;
}

static void
number__next_to_digits_in_strings__its_own(void **state)
{
	struct json *doc =
	    parse(" { \"1\" : \"2\", \"\\\"3\" : [ \"\\\\\", 4 ],"
		  " \"-5\" : -6, \"e\" : true, \"f\" : 7e8 } ");
	const struct cJSON *root = json_root(doc);

	(void)state;
	assert_number(json_next(json_first(json_member(root, "\"3"))), "4");
	assert_number(json_member(root, "-5"), "-6");
	assert_number(json_member(root, "f"), "7e8");
	json_free(doc);
}

static void
member__exact_name__found(void **state)
{
	struct json *doc = parse("{\"A\":1,\"a\":2,\"\\u00e9\\/\":3,\"\":4}");
	const struct cJSON *root = json_root(doc);

	(void)state;
	assert_number(json_member(root, "A"), "1");
	assert_number(json_member(root, "a"), "2");
	assert_number(json_member(root, "\xc3\xa9/"), "3");
	assert_number(json_member(root, ""), "4");
	assert_null(json_member(root, "b"));
	assert_null(json_member(root, "AA"));
	assert_null(json_member(json_first(root), "a"));
	json_free(doc);
	doc = parse("[{\"a\":1}]");
	assert_null(json_member(json_root(doc), "a"));
	json_free(doc);
}

static void
value__any_type__told(void **state)
{
	static const enum json_type types[] = { JSON_NULL, JSON_BOOL, JSON_BOOL,
		JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };
	struct json *doc =
	    parse("[null,true,false,0,\"\\ud83d\\ude00\",[],{}]");
	const struct cJSON *v = json_first(json_root(doc));
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(types); i++, v = json_next(v)) {
		assert_non_null(v);
		assert_int_equal(json_type(v), types[i]);
		if (i == 1 || i == 2)
			assert_int_equal(json_bool(v), i == 1);
		if (types[i] == JSON_STRING)
			assert_string_equal(json_string(v), "\xf0\x9f\x98\x80");
		else if (types[i] == JSON_ARRAY || types[i] == JSON_OBJECT)
			assert_null(json_first(v));
	}
	assert_null(v);
	json_free(doc);
}

static void
object__walked__names_in_order(void **state)
{
	struct json *doc = parse("{\"b\":1,\"a\\n\":2}");
	const struct cJSON *v = json_first(json_root(doc));

	(void)state;
	assert_string_equal(json_name(v), "b");
	v = json_next(v);
	assert_string_equal(json_name(v), "a\n");
	assert_null(json_next(v));
	json_free(doc);
}

static void
text__spaces_around__minified(void **state)
{
	struct json *doc = parse(" { \"a\" : [ 1 , \"\\u0041 b\" ] }\r\n");

	(void)state;
	assert_string_equal(json_text(doc), "{\"a\":[1,\"\\u0041 b\"]}");
	json_free(doc);
}

static void
write__nested__minified_and_unescaped(void **state)
{
	struct json *doc =
	    parse("{\"a\": [1e2, {\"\\u0062\": null}, [], {}, "
		  "[true, false]], \"\\\"\\\\\": \"\\/\\n\\u0001\"}");

	(void)state;
	assert_written(json_root(doc),
	    "{\"a\":[1e2,{\"b\":null},[],{},[true,false]],"
	    "\"\\\"\\\\\":\"/\\n\\u0001\"}");
	assert_written(json_member(json_root(doc), "a"),
	    "[1e2,{\"b\":null},[],{},[true,false]]");
	json_free(doc);
}

static void
write__parsed_again__the_same(void **state)
{
	static const char text[] = "{\"\xc3\xa9\":[\"\xf0\x9f\x98\x80\","
				   "\"\x7f\",\"\"],\"n\":-1.50e-7}";
	struct json *doc = parse(text);

	(void)state;
	assert_written(json_root(doc), text);
	assert_string_equal(json_text(doc), text);
	json_free(doc);
}

static void
parse__64_levels__written_back(void **state)
{
	char text[64 * 2 + 2] = "";
	struct json *doc;

	(void)state;
	memset(text, '[', 64);
	text[64] = '7';
	memset(text + 65, ']', 64);
	doc = parse(text);
	assert_written(json_root(doc), text);
	json_free(doc);
}

static void
parse__what_the_scanner_refuses__its_error(void **state)
{
	struct scan_error error = { 0, "" };
	struct json *doc = NULL;

	(void)state;
	assert_int_equal(
	    json_parse("{\"a\":1,\"a\":2}", 13, &doc, &error), STATUS_REJECT);
	assert_null(doc);
	assert_int_equal(error.offset, 7);
	assert_string_equal(error.reason, "duplicate name");
	assert_int_equal(json_parse("", 0, &doc, &error), STATUS_REJECT);
	assert_int_equal(json_parse("1\0", 2, &doc, &error), STATUS_REJECT);
	assert_int_equal(error.offset, 1);
	assert_null(doc);
}

/* The sanitizer reports a read beyond the text, and a leak. */
static void
parse__text_without_terminator__not_read_beyond(void **state)
{
	static const char text[] = "[1,{\"a\":22},333]";
	size_t len = sizeof(text) - 1;
	char *copy = malloc(len);
	struct scan_error error;
	struct json *doc;

	(void)state;
	memcpy(copy, text, len);
	assert_int_equal(json_parse(copy, len, &doc, &error), STATUS_OK);
	free(copy);
	assert_written(json_root(doc), text);
	json_free(doc);
	json_free(NULL);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(number__any_spelling__kept_as_sent),
	cmocka_unit_test(number__of_128_characters__kept_as_sent),
	cmocka_unit_test(
	    number__of_128_characters_in_an_old_cjson__kept_as_sent),
	cmocka_unit_test(parse__out_of_memory__fault),
	cmocka_unit_test(number__next_to_digits_in_strings__its_own),
	cmocka_unit_test(member__exact_name__found),
	cmocka_unit_test(value__any_type__told),
	cmocka_unit_test(object__walked__names_in_order),
	cmocka_unit_test(text__spaces_around__minified),
	cmocka_unit_test(write__nested__minified_and_unescaped),
	cmocka_unit_test(write__parsed_again__the_same),
	cmocka_unit_test(parse__64_levels__written_back),
	cmocka_unit_test(parse__what_the_scanner_refuses__its_error),
	cmocka_unit_test(parse__text_without_terminator__not_read_beyond),
};

T_MAIN(tests)
