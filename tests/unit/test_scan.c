/*
 * What the scanner returns; test_scan_shapes.c has the texts that it accepts.
 */
#include "t.h"

#include <string.h>

#include "scan.h"
#include "scan_check.h"

static const char too_long[] = "number of more than 128 characters";
static const char utf16[] = "UTF-16 or UTF-32 where UTF-8 is expected";

static void
error__any_reason__exact_offset(void **state)
{
	static const struct {
		const char *text;
		size_t offset;
		const char *reason;
	} rows[] = {
		{ "", 0, "unexpected end" },
		{ " \n", 2, "unexpected end" },
		{ "[1", 2, "unexpected end" },
		{ "\"ab", 3, "unexpected end" },
		{ "\"\\u12", 5, "unexpected end" },
		{ "-", 1, "unexpected end" },
		{ "tru", 3, "unexpected end" },
		{ "trap", 2, "unexpected character" },
		{ "[1,]", 3, "unexpected character" },
		{ "{\"a\" 1}", 5, "unexpected character" },
		{ "{1:1}", 1, "unexpected character" },
		{ "[01]", 2, "unexpected character" },
		{ "[1.e1]", 3, "unexpected character" },
		{ "[1e+]", 4, "unexpected character" },
		{ "{} x", 3, "trailing data" },
		{ "1 2", 2, "trailing data" },
		{ "\xef\xbb\xbf", 3, "unexpected end" },
		{ "\xef\xbb\xbf \n", 5, "unexpected end" },
		{ "\xef\xbb\xbf\xef\xbb\xbf{}", 3, "unexpected character" },
		{ " \xef\xbb\xbf{}", 1, "unexpected character" },
		{ "{}\xef\xbb\xbf", 2, "trailing data" },
		{ "\xef\xbb\xbf{\"a\":tru}", 11, "unexpected character" },
		{ "\xef\xbb{}", 0, "unexpected character" },
		{ "\xff\xfe{", 0, utf16 },
		{ "\xfe\xff{", 0, utf16 },
		{ "\"a\xff\"", 2, "invalid UTF-8" },
		{ "\"\xc3\xa9\xed\xa0\x80\"", 3, "invalid UTF-8" },
		{ "\"a\n\"", 2, "control character in string" },
		{ "\"a\\x\"", 3, "invalid escape" },
		{ "\"a\\u00g0\"", 6, "invalid escape" },
		{ "\"a\\u0000\"", 2, "escaped NUL" },
		{ "\"a\\udc00\"", 2, "unpaired surrogate" },
		{ "\"a\\ud800b\"", 2, "unpaired surrogate" },
		{ "\"a\\ud800\\ud800\"", 2, "unpaired surrogate" },
		{ "{\"a\":1, \"\\u0061\":2}", 8, "duplicate name" },
		{ "[1, -1e400]", 4, "number out of range" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++)
		scan_assert_refused(rows[i].text, strlen(rows[i].text),
		    rows[i].offset, rows[i].reason);
	scan_assert_refused("{\"a\":1}\0", 8, 7, "trailing data");
	scan_assert_refused("\"\0\"", 3, 1, "control character in string");
	scan_assert_refused(NULL, 0, 0, "unexpected end");
	scan_assert_refused("{\0\"\0", 4, 0, utf16);
	scan_assert_refused("\0{\0\"", 4, 0, utf16);
	scan_assert_refused("\0\0\xfe\xff", 4, 0, utf16);
	scan_assert_refused("\0\0\0{", 4, 0, utf16);
}

static void
out__spaces_between_tokens__left_out(void **state)
{
	static const char in[] = " {\r\n\t\"a b\" : [ 1.50 , -0 ,\ttrue ] ,"
				 " \"\\u0041\\/\" : { } } \n";
	struct scan_error error;
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	buf_puts(&out, "before ");
	assert_int_equal(
	    scan_json(in, sizeof(in) - 1, &out, &error), STATUS_OK);
	assert_string_equal(
	    out.data, "before {\"a b\":[1.50,-0,true],\"\\u0041\\/\":{}}");
	buf_free(&out);
}

static void
out__byte_order_mark__left_out(void **state)
{
	static const char in[] = "\xef\xbb\xbf { \"\xef\xbb\xbf\" : 1 }";
	struct scan_error error;
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	assert_int_equal(
	    scan_json(in, sizeof(in) - 1, &out, &error), STATUS_OK);
	assert_string_equal(out.data, "{\"\xef\xbb\xbf\":1}");
	buf_free(&out);
}

static void
out__full__fault(void **state)
{
	struct scan_error error;
	struct buf out;

	(void)state;
	buf_init(&out, 4);
	assert_int_equal(scan_json("[1,2]", 5, &out, &error), STATUS_FAULT);
	assert_int_equal(scan_json("[1,2", 4, &out, &error), STATUS_REJECT);
	buf_free(&out);
}

/* `before` n times, `middle`, then `after` n times. */
static char *
nest(size_t n, const char *before, const char *middle, const char *after)
{
	struct buf b;
	size_t i;

	buf_init(&b, MEBIBYTE);
	for (i = 0; i < n; i++)
		buf_puts(&b, before);
	buf_puts(&b, middle);
	for (i = 0; i < n; i++)
		buf_puts(&b, after);
	assert_false(b.failed);
	return b.data;
}

static void
assert_nested(enum status want, size_t n, const char *before,
    const char *middle, const char *after)
{
	char *text = nest(n, before, middle, after);

	assert_int_equal(scan_check(text), want);
	free(text);
}

static void
depth__64_levels__accepted(void **state)
{
	(void)state;
	assert_nested(STATUS_OK, 64, "[", "", "]");
	assert_nested(STATUS_OK, 64, "{\"a\":", "1", "}");
	assert_nested(STATUS_OK, 32, "[{\"\":", "null", "}]");
	assert_nested(STATUS_OK, 63, "[", "[],{},[1],{\"a\":1}", "]");
}

static void
depth__65_levels__refused(void **state)
{
	char *text = nest(65, "[", "", "]");

	(void)state;
	scan_assert_refused(text, strlen(text), 64, "nested too deeply");
	free(text);
	assert_nested(STATUS_REJECT, 65, "{\"a\":", "1", "}");
	assert_nested(STATUS_REJECT, 32, "[{\"\":", "[]", "}]");
}

static void
depth__100000_brackets__refused(void **state)
{
	(void)state;
	assert_nested(STATUS_REJECT, 100000, "[", "", "");
	assert_nested(STATUS_REJECT, 50000, "[{\"\":", "", "\n");
	assert_nested(STATUS_REJECT, 100000, "]", "", "");
}

static void
number__at_a_limit_of_double__accepted(void **state)
{
	static const char *const rows[] = { "1.7976931348623157e308",
		"-1.7976931348623157E+308", "1.7976931348623158e308",
		"2.2250738585072014e-308", "-2.2250738585072014e-308", "1e-307",
		"0.00001e312", "100000e-312", "1e0000000000000007",
		"1e-0000000000000007", "0e307", "0.000E-307", "-0e000",
		"2.2250738585072011e-308", "1e-308", "5e-324", "-5e-324",
		"4.9e-324", "2.48e-324", "0.0001e-319", "0e-323", "0e308" };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++)
		assert_int_equal(scan_check(rows[i]), STATUS_OK);
}

static void
number__beyond_a_limit_of_double__refused(void **state)
{
	static const char *const rows[] = { "1.7976931348623159e308", "1e309",
		"-1e309", "100000e304", "2.47e-324", "-1e-324", "1e-400",
		"0.0001e-320", "0e-324", "1e9999999999999999999",
		"1e-9999999999999999999", "0e309", "0.0e-16000", "-0e-324" };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++)
		scan_assert_refused(
		    rows[i], strlen(rows[i]), 0, "number out of range");
}

static void
number__128_characters__longest_accepted(void **state)
{
	char text[200];

	(void)state;
	memset(text, '7', sizeof(text));
	assert_int_equal(scan_json(text, 128, NULL, NULL), STATUS_OK);
	scan_assert_refused(text, 129, 0, too_long);
	memcpy(text, "-0.", 3);
	assert_int_equal(scan_json(text, 128, NULL, NULL), STATUS_OK);
	scan_assert_refused(text, 129, 0, too_long);
	memcpy(text + 124, "e-99", 4);
	assert_int_equal(scan_json(text, 128, NULL, NULL), STATUS_OK);
	memset(text + 3, '0', 120);
	memcpy(text + 122, "1e-185", 6);
	assert_int_equal(scan_json(text, 128, NULL, NULL), STATUS_OK);
	memcpy(text + 122, "1e-205", 6);
	scan_assert_refused(text, 128, 0, "number out of range");
	memset(text, '7', sizeof(text));
	*text = '-';
	assert_int_equal(scan_json(text, 129, NULL, NULL), STATUS_OK);
	scan_assert_refused(text, 130, 0, too_long);
	memcpy(text + 125, ".777", 4);
	scan_assert_refused(text, 129, 0, too_long);
}

static const char rich[] = "{\"a\":[1,-0.5e+10,true,false,null,{}],\"\\u00e9\":"
			   "\"\xc3\xa9\\ud83d\\ude00\\n\",\"b\":{\"a\":[[]]}}";

static void
text__cut_anywhere__refused(void **state)
{
	struct scan_error error;
	size_t len;
	char *copy;

	(void)state;
	assert_int_equal(scan_check(rich), STATUS_OK);
	for (len = 0; len < sizeof(rich) - 1; len++) {
		copy = test_malloc(len + 1);
		memcpy(copy + 1, rich, len);
		assert_int_equal(
		    scan_json(copy + 1, len, NULL, &error), STATUS_REJECT);
		test_free(copy);
	}
}

static void
text__nul_anywhere__refused(void **state)
{
	char copy[sizeof(rich)];
	struct scan_error error;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rich); i++) {
		memcpy(copy, rich, sizeof(rich));
		copy[i] = '\0';
		assert_int_equal(
		    scan_json(copy, sizeof(rich), NULL, &error), STATUS_REJECT);
		assert_in_range(error.offset, 0, i);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(error__any_reason__exact_offset),
	cmocka_unit_test(out__spaces_between_tokens__left_out),
	cmocka_unit_test(out__byte_order_mark__left_out),
	cmocka_unit_test(out__full__fault),
	cmocka_unit_test(depth__64_levels__accepted),
	cmocka_unit_test(depth__65_levels__refused),
	cmocka_unit_test(depth__100000_brackets__refused),
	cmocka_unit_test(number__at_a_limit_of_double__accepted),
	cmocka_unit_test(number__beyond_a_limit_of_double__refused),
	cmocka_unit_test(number__128_characters__longest_accepted),
	cmocka_unit_test(text__cut_anywhere__refused),
	cmocka_unit_test(text__nul_anywhere__refused),
};

T_MAIN(tests)
