/* The items of a batch: lines of NDJSON, elements of a JSON array. */
#include "t.h"

#include <string.h>

#include "items.h"
#include "scan.h"

enum {
	ITEMS_MAX = 8
};

/* A body and its items; NULL ends them. */
struct row {
	const char *body, *items[ITEMS_MAX];
};

/* The body has no byte after its last, so that a read beyond it is seen. */
static void
assert_items(const struct row *row, bool is_array)
{
	size_t len = strlen(row->body), i = 0;
	char *body = test_malloc(len + 1);
	struct items items;
	struct item item;

	memcpy(body + 1, row->body, len);
	items_init(&items, body + 1, len, is_array);
	for (; items_next(&items, &item); i++) {
		if (row->items[i] == NULL)
			fail_msg("%s: too many items", row->body);
		if (item.len != strlen(row->items[i]) ||
		    memcmp(item.text, row->items[i], item.len) != 0)
			fail_msg("%s: item %zu is %.*s", row->body, i,
			    (int)item.len, item.text);
	}
	if (row->items[i] != NULL)
		fail_msg("%s: no item %zu", row->body, i);
	/* At the end it stays. */
	assert_false(items_next(&items, &item));
	test_free(body);
}

static void
lines__any_form__as_they_are(void **state)
{
	static const struct row rows[] = {
		{ "", { NULL } },
		{ "{}", { "{}" } },
		{ "{}\n", { "{}" } },
		{ "{\"a\":1}\n{\"b\":2}\n{\"c\":3}",
		    { "{\"a\":1}", "{\"b\":2}", "{\"c\":3}" } },
		/* A line is an item whatever is in it. */
		{ "[1,2]\n{\"a\":\n]\n\"\n}",
		    { "[1,2]", "{\"a\":", "]", "\"", "}" } },
		{ "{\"a\":\"\\n\"}\n{}", { "{\"a\":\"\\n\"}", "{}" } },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_items(&rows[i], false);
}

static void
lines__blank__left_out(void **state)
{
	static const struct row rows[] = {
		{ "\n", { NULL } },
		{ " \t\r\n\n  \n", { NULL } },
		{ "\n\n{}\n\n \n[]\n\n", { "{}", "[]" } },
		{ "  {}\n\t[]", { "{}", "[]" } },
		{ "{} \n", { "{} " } },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_items(&rows[i], false);
}

/* The carriage return stays: JSON may have white space behind it. */
static void
lines__ended_by_crlf__one_item_each(void **state)
{
	static const struct row rows[] = {
		{ "{}\r\n[]\r\n", { "{}\r", "[]\r" } },
		{ "{}\r\n\r\n\r\n[]", { "{}\r", "[]" } },
		{ "\r\n", { NULL } },
		/* A carriage return alone ends no line. */
		{ "{}\r[]", { "{}\r[]" } },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_items(&rows[i], false);
}

static void
body__byte_order_mark__skipped_at_the_start_alone(void **state)
{
	static const struct row lines[] = {
		{ "\xef\xbb\xbf", { NULL } },
		{ "\xef\xbb\xbf\n{}", { "{}" } },
		{ "\xef\xbb\xbf{}\n[]", { "{}", "[]" } },
		{ "{}\n\xef\xbb\xbf[]", { "{}", "\xef\xbb\xbf[]" } },
		{ "\xef\xbb", { "\xef\xbb" } },
	};
	static const struct row array = { "\xef\xbb\xbf [1,2]", { "1", "2" } };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		assert_items(&lines[i], false);
	assert_items(&array, true);
}

static void
array__any_elements__each_whole(void **state)
{
	static const struct row rows[] = {
		{ "[]", { NULL } },
		{ " [ \n ] ", { NULL } },
		{ "[{}]", { "{}" } },
		{ "[1,\"a\",null,true]", { "1", "\"a\"", "null", "true" } },
		{ " [ {} , [] ] \n", { "{} ", "[] " } },
		{ "[\n{\"a\":1},\r\n{\"b\":2}\n]",
		    { "{\"a\":1}", "{\"b\":2}\n" } },
		/* Commas and brackets inside an element are its own. */
		{ "[{\"a\":[1,2,{\"b\":[]}],\"c\":{}},[[1,2],[3]],[]]",
		    { "{\"a\":[1,2,{\"b\":[]}],\"c\":{}}", "[[1,2],[3]]",
			"[]" } },
	};
	struct scan_error error;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(
		    scan_array(rows[i].body, strlen(rows[i].body), &error),
		    STATUS_OK);
		assert_items(&rows[i], true);
	}
}

static void
array__strings__end_at_their_own_quotation_mark(void **state)
{
	static const struct row rows[] = {
		{ "[\"]\",\"[\",\",\"]", { "\"]\"", "\"[\"", "\",\"" } },
		{ "[\"\",\"\"]", { "\"\"", "\"\"" } },
		{ "[{\"}],[{\":\"],\"},1]", { "{\"}],[{\":\"],\"}", "1" } },
		/* "\",", then 1 */
		{ "[\"\\\",\",1]", { "\"\\\",\"", "1" } },
		/* A backslash at the end of a string, then ["] */
		{ "[\"\\\\\",[\"]\"]]", { "\"\\\\\"", "[\"]\"]" } },
		{ "[\"\\\\\\\"]\",2]", { "\"\\\\\\\"]\"", "2" } },
		{ "[\"\\u005d\\/\",3]", { "\"\\u005d\\/\"", "3" } },
	};
	struct scan_error error;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(
		    scan_array(rows[i].body, strlen(rows[i].body), &error),
		    STATUS_OK);
		assert_items(&rows[i], true);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(lines__any_form__as_they_are),
	cmocka_unit_test(lines__blank__left_out),
	cmocka_unit_test(lines__ended_by_crlf__one_item_each),
	cmocka_unit_test(body__byte_order_mark__skipped_at_the_start_alone),
	cmocka_unit_test(array__any_elements__each_whole),
	cmocka_unit_test(array__strings__end_at_their_own_quotation_mark),
};

T_MAIN(tests)
