/* A JSON array each of whose elements could be a body of its own. */
#include "t.h"

#include <string.h>

#include "scan.h"
#include "scan_check.h"

static void
assert_array(const char *text)
{
	struct scan_error error = { 0, "" };

	if (scan_array(text, strlen(text), &error) != STATUS_OK)
		fail_msg(
		    "%s at byte %zu: %s", error.reason, error.offset, text);
}

static void
assert_no_array(const char *text, size_t offset, const char *reason)
{
	struct scan_error error = { 0, "" };

	if (scan_array(text, strlen(text), &error) != STATUS_REJECT ||
	    error.offset != offset || strcmp(error.reason, reason) != 0)
		fail_msg(
		    "%s at byte %zu: %s", error.reason, error.offset, text);
}

static void
array__any_elements__accepted(void **state)
{
	static const char *const rows[] = { "[]", " [ ] \n", "[{}]",
		"[1,\"a\",null,true,-1.5e3,[],{}]", "[{\"a\":1},{\"a\":2}]",
		"\xef\xbb\xbf [{}]", "[[[]],{\"]\":\"[\"}]" };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++)
		assert_array(rows[i]);
}

static void
array__another_value__refused(void **state)
{
	static const char *const rows[] = { "{}", "1", "\"[]\"", "null", "-",
		"{\"a\":[]}", "]", ",[]" };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++)
		assert_no_array(rows[i], 0, "an array is expected");
	assert_no_array(" {}", 1, "an array is expected");
	assert_no_array("\xef\xbb\xbf{}", 3, "an array is expected");
	/* Lines of NDJSON that were sent as JSON. */
	assert_no_array("{}\n{}\n", 0, "an array is expected");
}

static void
array__broken__refused_at_the_offset(void **state)
{
	static const struct {
		const char *text;
		size_t offset;
		const char *reason;
	} rows[] = {
		{ "[", 1, "unexpected end" },
		{ "[{}", 3, "unexpected end" },
		{ "[{},", 4, "unexpected end" },
		{ "[{},]", 4, "unexpected character" },
		{ "[,{}]", 1, "unexpected character" },
		{ "[{} {}]", 4, "unexpected character" },
		{ "[{\"a\":}]", 6, "unexpected character" },
		{ "[{}}", 3, "unexpected character" },
		{ "[{}] []", 5, "trailing data" },
		{ "[{}],{}", 4, "trailing data" },
		{ "[{}]\n[{}]", 5, "trailing data" },
		{ "[\"a]", 4, "unexpected end" },
		{ "[{},{\"a\":1,\"a\":2}]", 11, "duplicate name" },
		{ "[1,1e999]", 3, "number out of range" },
		{ "[\"\\u0000\"]", 2, "escaped NUL" },
		{ "[\"\xff\"]", 2, "invalid UTF-8" },
		{ "\xff\xfe[", 0, "UTF-16 or UTF-32 where UTF-8 is expected" },
	};
	struct scan_error error;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++)
		assert_no_array(rows[i].text, rows[i].offset, rows[i].reason);
	assert_int_equal(scan_array("[]\0", 3, &error), STATUS_REJECT);
}

/* An array of two elements, the second of which has n levels. */
static char *
array_of(size_t n)
{
	struct buf b;
	size_t i;

	buf_init(&b, MEBIBYTE);
	buf_puts(&b, "[{},");
	for (i = 0; i < n; i++)
		buf_puts(&b, i % 2 ? "{\"a\":" : "[");
	buf_putc(&b, '0');
	while (n-- > 0)
		buf_putc(&b, n % 2 ? '}' : ']');
	buf_putc(&b, ']');
	assert_false(b.failed);
	return b.data;
}

static void
element__64_levels__accepted_65_refused(void **state)
{
	char *text = array_of(64);

	(void)state;
	assert_array(text);
	/* What is between the brackets is a body that scan_json() takes. */
	text[strlen(text) - 1] = '\0';
	assert_int_equal(scan_check(text + strlen("[{},")), STATUS_OK);
	free(text);
	text = array_of(65);
	assert_no_array(text, strlen("[{},") + 32 + 32 * strlen("{\"a\":"),
	    "nested too deeply");
	free(text);
	text = array_of(1000);
	assert_no_array(text, strlen("[{},") + 32 + 32 * strlen("{\"a\":"),
	    "nested too deeply");
	free(text);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(array__any_elements__accepted),
	cmocka_unit_test(array__another_value__refused),
	cmocka_unit_test(array__broken__refused_at_the_offset),
	cmocka_unit_test(element__64_levels__accepted_65_refused),
};

T_MAIN(tests)
