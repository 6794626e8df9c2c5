/* Names in the scanner: duplicates are seen, and hostile bodies cost no time.
 */
#include "t.h"

#include <string.h>
#include <time.h>

#include "scan.h"
#include "scan_check.h"

/* An object of n members, named by their index, and then one more. */
static char *
object_of(unsigned n, const char *fmt_member, const char *last)
{
	struct buf b;
	unsigned i;

	buf_init(&b, 2 * MEBIBYTE);
	buf_puts(&b, "{");
	for (i = 0; i < n; i++) {
		buf_printf(&b, "\"%x", i);
		buf_puts(&b, fmt_member);
	}
	buf_puts(&b, last);
	buf_puts(&b, "}");
	assert_false(b.failed);
	return b.data;
}

static void
names__thousands__every_duplicate_seen(void **state)
{
	static const unsigned counts[] = { 1, 31, 32, 33, 63, 64, 65, 5000 };
	char last[64], *text;
	size_t i;
	unsigned k;

	(void)state;
	for (i = 0; i < COUNT(counts); i++) {
		text = object_of(counts[i], "\":0,", "\"x\":1");
		assert_int_equal(scan_check(text), STATUS_OK);
		free(text);
		for (k = 0; k < counts[i]; k += 1 + k / 2) {
			snprintf(last, sizeof(last), "\"%x\":1", k);
			text = object_of(counts[i], "\":0,", last);
			assert_int_equal(scan_check(text), STATUS_REJECT);
			free(text);
		}
	}
}

static void
names__escaped_among_thousands__duplicate_seen(void **state)
{
	static const char last[] = "\"11\\u000a\":1";
	char *text = object_of(5000, "\\n\":0,", last);
	size_t len = strlen(text);

	(void)state;
	scan_assert_refused(text, len, len - sizeof(last), "duplicate name");
	free(text);
	text = object_of(5000, "\\n\":0,", "\"11\":1");
	assert_int_equal(scan_check(text), STATUS_OK);
	free(text);
}

static void
names__of_closed_objects__forgotten(void **state)
{
	char *inner = object_of(100, "\":0,", "\"x\":0");
	char *outer = object_of(100, "\":0,", "\"y\":");
	struct buf b;
	int i;

	(void)state;
	buf_init(&b, MEBIBYTE);
	buf_put(&b, outer, strlen(outer) - 1);
	buf_puts(&b, "[");
	for (i = 0; i < 50; i++)
		buf_printf(&b, "%s%s", i > 0 ? "," : "", inner);
	buf_puts(&b, "],\"x\":0}");
	assert_int_equal(scan_check(b.data), STATUS_OK);
	b.data[b.len - 5] = 'y';
	assert_int_equal(scan_check(b.data), STATUS_REJECT);
	buf_free(&b);
	free(outer);
	free(inner);
}

/* The table of names grows and shrinks while the outer names stay in it. */
static void
names__around_thousands_of_closed_ones__still_known(void **state)
{
	char *inner = object_of(5000, "\":0,", "\"x\":0");
	struct buf b;
	int i, k;

	(void)state;
	buf_init(&b, MEBIBYTE);
	for (k = 0; k < 31; k++) {
		buf_reset(&b);
		for (i = 0; i < 31; i++)
			buf_printf(&b, "%s\"o%d\":0", i ? "," : "{", i);
		buf_printf(&b, ",\"in\":%s,\"o%d\":0}", inner, k);
		assert_int_equal(scan_check(b.data), STATUS_REJECT);
	}
	buf_free(&b);
	free(inner);
}

static void
names__with_long_equal_ends__told_apart(void **state)
{
	static const char fill[] = "0123456789abcdefghijklmnopqrstuvwxyz";
	struct buf b;
	int i;

	(void)state;
	buf_init(&b, MEBIBYTE);
	for (i = 0; i < 200; i++)
		buf_printf(&b, "%s\"%s%d%s\":0,\"%d%s\":0", i ? "," : "{", fill,
		    i, fill, i, fill);
	buf_puts(&b, "}");
	assert_int_equal(scan_check(b.data), STATUS_OK);
	b.len--;
	buf_printf(&b, ",\"%s%d%s\":0}", fill, 7, fill);
	assert_int_equal(scan_check(b.data), STATUS_REJECT);
	buf_free(&b);
}

/* Time to scan a mebibyte of repeated `piece`; each % becomes a counter. */
static double
seconds_for(const char *open, const char *piece, const char *close)
{
	struct scan_error error;
	const char *p;
	struct buf b;
	clock_t start;
	unsigned i;

	buf_init(&b, 2 * MEBIBYTE);
	buf_puts(&b, open);
	for (i = 0; b.len < MEBIBYTE; i++)
		for (p = i > 0 ? piece : piece + 1; *p != '\0'; p++)
			if (*p == '%')
				buf_printf(&b, "%x", i);
			else
				buf_putc(&b, *p);
	buf_puts(&b, close);
	start = clock();
	assert_int_equal(scan_json(b.data, b.len, NULL, &error), STATUS_OK);
	buf_free(&b);
	return (double)(clock() - start) / CLOCKS_PER_SEC;
}

/* Quadratic time would be minutes; a release build takes 20 ms at most. */
static void
time__hostile_mebibyte__linear(void **state)
{
	(void)state;
	assert_true(seconds_for("{", ",\"%\":0", "}") < 2);
	assert_true(seconds_for("{", ",\"\\u0061%\":0", "}") < 2);
	assert_true(seconds_for("[", ",{\"%\":0,\"\":{}}", "]") < 2);
	assert_true(seconds_for("[", ",1e-307", "]") < 2);
	assert_true(seconds_for("[", ",\"\\ud83d\\ude00\"", "]") < 2);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(names__thousands__every_duplicate_seen),
	cmocka_unit_test(names__escaped_among_thousands__duplicate_seen),
	cmocka_unit_test(names__of_closed_objects__forgotten),
	cmocka_unit_test(names__around_thousands_of_closed_ones__still_known),
	cmocka_unit_test(names__with_long_equal_ends__told_apart),
	cmocka_unit_test(time__hostile_mebibyte__linear),
};

T_MAIN(tests)
