/* The bounded buffer and UTF-8. */
#include "t.h"

#include <limits.h>
#include <string.h>

#include "buf.h"
#include "utf8.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static void
buf__empty__a_string(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 10);
	assert_string_equal(b.data, "");
	buf_put(&b, NULL, 0);
	buf_puts(&b, "");
	assert_string_equal(b.data, "");
	assert_false(b.failed);
	buf_free(&b);
	assert_string_equal(b.data, "");
	buf_free(&b);
}

static void
buf__zeroed__freed_without_harm(void **state)
{
	struct buf b = { 0 };

	(void)state;
	buf_free(&b);
	assert_string_equal(b.data, "");
	buf_puts(&b, "x");
	assert_true(b.failed);
}

static void
buf__every_kind_of_write__in_order(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	buf_puts(&b, "a");
	buf_putc(&b, '\0');
	buf_put(&b, "bc", 2);
	buf_printf(&b, "%d-%s", 42, "x");
	assert_int_equal(b.len, 8);
	assert_memory_equal(b.data, "a\0bc42-x", 9);
	buf_free(&b);
}

static void
buf__numbers__as_printed(void **state)
{
	static const unsigned long numbers[] = { 0, 1, 9, 10, 99, 200, 1000,
		UINT32_MAX, ULONG_MAX / 10, ULONG_MAX };
	char expected[32];
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, 100);
	for (i = 0; i < COUNT(numbers); i++) {
		buf_reset(&b);
		buf_put_number(&b, numbers[i]);
		snprintf(expected, sizeof(expected), "%lu", numbers[i]);
		assert_string_equal(b.data, expected);
	}
	buf_free(&b);
}

/* Around the length from which a text is formatted twice. */
static void
buf__printed_texts_of_any_length__whole(void **state)
{
	char text[600];
	struct buf b;
	int i;

	(void)state;
	memset(text, 'x', sizeof(text));
	buf_init(&b, 2 * sizeof(text) + 2);
	for (i = 200; i < (int)sizeof(text); i++) {
		buf_reset(&b);
		buf_printf(&b, "%.*s%d", i, text, i);
		assert_int_equal(b.len, i + 3);
		assert_memory_equal(b.data, text, i);
		assert_int_equal(atoi(b.data + i), i);
	}
	buf_printf(&b, "%.*s", (int)sizeof(text), text);
	buf_printf(&b, "%.*s", (int)sizeof(text), text);
	assert_true(b.failed);
	assert_int_equal(b.len, 599 + 3 + sizeof(text));
	buf_free(&b);
}

static void
buf__grown_to_its_maximum__nothing_lost(void **state)
{
	enum {
		MAX = 100000
	};
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, MAX);
	for (i = 0; i < MAX; i++)
		buf_putc(&b, (char)('a' + i % 26));
	assert_false(b.failed);
	assert_int_equal(b.len, MAX);
	for (i = 0; i < MAX; i++)
		assert_int_equal(b.data[i], 'a' + i % 26);
	assert_int_equal(b.data[MAX], '\0');
	buf_putc(&b, 'x');
	assert_true(b.failed);
	assert_int_equal(b.len, MAX);
	buf_free(&b);
}

static void
buf__over_its_maximum__fails_until_reset(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 5);
	buf_puts(&b, "abc");
	buf_puts(&b, "def");
	assert_true(b.failed);
	buf_putc(&b, 'd');
	buf_printf(&b, "%d", 1);
	assert_string_equal(b.data, "abc");
	buf_reset(&b);
	assert_string_equal(b.data, "");
	buf_printf(&b, "%s", "fives");
	assert_false(b.failed);
	assert_string_equal(b.data, "fives");
	buf_printf(&b, "%s", "");
	assert_false(b.failed);
	buf_free(&b);
}

static void
buf__failed_before_any_write__still_a_string(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 0);
	buf_reset(&b);
	buf_putc(&b, 'x');
	assert_true(b.failed);
	assert_string_equal(b.data, "");
	buf_free(&b);
}

static void
json_string__any_byte__valid_json(void **state)
{
	static const struct {
		const char *in;
		size_t len;
		const char *out;
	} rows[] = {
		{ "", 0, "\"\"" },
		{ "plain", 5, "\"plain\"" },
		{ "a\"b\\c/", 6, "\"a\\\"b\\\\c/\"" },
		{ "\b\f\n\r\t", 5, "\"\\b\\f\\n\\r\\t\"" },
		{ "\0\x01\x1f\x7f", 4, "\"\\u0000\\u0001\\u001f\x7f\"" },
		{ "\xc3\xa9\xf0\x9f\x98\x80", 6,
		    "\"\xc3\xa9\xf0\x9f\x98\x80\"" },
		{ "a\xff"
		  "b",
		    3,
		    "\"a\xef\xbf\xbd"
		    "b\"" },
		{ "\xed\xa0\x80", 3,
		    "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ "x\xe2\x82", 3, "\"x\xef\xbf\xbd\xef\xbf\xbd\"" },
	};
	struct buf b;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		buf_init(&b, 100);
		buf_json_string(&b, rows[i].in, rows[i].len);
		assert_string_equal(b.data, rows[i].out);
		buf_free(&b);
	}
}

static void
utf8__every_code_point__encoded_and_read(void **state)
{
	uint32_t code, read;
	char out[4];
	size_t len, i;

	(void)state;
	for (code = 0; code <= 0x10ffff; code++) {
		if (code == 0xd800)
			code = 0xe000;
		len = utf8_encode(code, out);
		if (utf8_sequence(out, len) != len)
			fail_msg("U+%04X is not read", code);
		if (len > 1 && utf8_sequence(out, len - 1) != 0)
			fail_msg("U+%04X is read when cut", code);
		read = (unsigned char)out[0] & (0xffu >> (len + (len > 1)));
		for (i = 1; i < len; i++)
			read = read << 6 | ((unsigned char)out[i] & 0x3f);
		if (read != code)
			fail_msg("U+%04X is written as U+%04X", code, read);
	}
}

/* There are as many valid sequences of each length as code points. */
static void
utf8__every_start_of_three_bytes__counted(void **state)
{
	size_t counts[5] = { 0 };
	char s[4] = { 0, 0, 0, '\x80' };
	uint32_t i;

	(void)state;
	for (i = 0; i < 1u << 24; i++) {
		s[0] = (char)(i >> 16);
		s[1] = (char)(i >> 8);
		s[2] = (char)i;
		counts[utf8_sequence(s, 4)]++;
	}
	assert_int_equal(counts[1], 0x80 * 0x10000);
	assert_int_equal(counts[2], (0x800 - 0x80) * 0x100);
	assert_int_equal(counts[3], 0x10000 - 0x800 - 0x800);
	assert_int_equal(counts[4], (0x110000 - 0x10000) / 64);
}

static void
utf8__fourth_byte_not_a_continuation__refused(void **state)
{
	char s[4] = "\xf0\x9f\x98";
	int last;

	(void)state;
	for (last = 0; last < 256; last++) {
		s[3] = (char)last;
		assert_int_equal(
		    utf8_sequence(s, 4), (last & 0xc0) == 0x80 ? 4 : 0);
	}
}

static void
utf8__first_characters__whole_ones(void **state)
{
	(void)state;
	assert_int_equal(utf8_prefix("", 3), 0);
	assert_int_equal(utf8_prefix("ab", 3), 2);
	assert_int_equal(utf8_prefix("a\xc3\xa9\xe2\x82\xac"
				     "b",
			     3),
	    6);
	assert_int_equal(utf8_prefix("abc", 0), 0);
}

static void
utf8__whole_text__judged(void **state)
{
	(void)state;
	assert_true(utf8_is_valid("", 0));
	assert_true(utf8_is_valid("a\0\xc3\xa9\xf4\x8f\xbf\xbf", 8));
	assert_false(utf8_is_valid("a\xc3", 2));
	assert_false(utf8_is_valid("\xa9", 1));
	assert_int_equal(utf8_sequence("", 0), 0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(buf__empty__a_string),
	cmocka_unit_test(buf__zeroed__freed_without_harm),
	cmocka_unit_test(buf__every_kind_of_write__in_order),
	cmocka_unit_test(buf__numbers__as_printed),
	cmocka_unit_test(buf__printed_texts_of_any_length__whole),
	cmocka_unit_test(buf__grown_to_its_maximum__nothing_lost),
	cmocka_unit_test(buf__over_its_maximum__fails_until_reset),
	cmocka_unit_test(buf__failed_before_any_write__still_a_string),
	cmocka_unit_test(json_string__any_byte__valid_json),
	cmocka_unit_test(utf8__every_code_point__encoded_and_read),
	cmocka_unit_test(utf8__every_start_of_three_bytes__counted),
	cmocka_unit_test(utf8__fourth_byte_not_a_continuation__refused),
	cmocka_unit_test(utf8__first_characters__whole_ones),
	cmocka_unit_test(utf8__whole_text__judged),
};

T_MAIN(tests)
