/*
 * The texts of numbers: of a double, compared with a search of all lengths, and
 * of an integer, compared with what numeral_int() reads.
 */
#include "t.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "coerce.h"
#include "numeral.h"

enum {
	ROUNDS = 30000
};

/* The definition: the first of all lengths that reads back. */
static void
search(double d, char out[32])
{
	char text[32], digits[24];
	int precision, exponent, n;

	for (precision = 0; precision < 17; precision++) {
		snprintf(text, sizeof(text), "%.*e", precision, d);
		if (strtod(text, NULL) == d)
			break;
	}
	exponent = atoi(strchr(text, 'e') + 1);
	if (d == 0)
		exponent = 0;
	if (exponent >= -4 && exponent < 16) {
		n = precision - exponent;
		snprintf(out, 32, "%.*f", n > 1 ? n : 1, d);
		return;
	}
	snprintf(digits, sizeof(digits), "%.*s", (int)strcspn(text, "e"), text);
	snprintf(out, 32, "%se%+03d", digits, exponent);
}

static void
check_one(double d)
{
	char out[32], expected[32];

	coerce_float_text(d, out);
	search(d, expected);
	assert_string_equal(out, expected);
	assert_true(strtod(out, NULL) == d);
}

/* Also the doubles beside it, and all of them negative. */
static void
check(double d)
{
	double list[] = { d, nextafter(d, INFINITY), nextafter(d, -INFINITY) };
	size_t i;

	for (i = 0; i < sizeof(list) / sizeof(*list); i++)
		if (isfinite(list[i])) {
			check_one(list[i]);
			check_one(-list[i]);
		}
}

/* xorshift64 (Marsaglia 2003). */
static uint64_t
next(void)
{
	static uint64_t x = 88172645463325252u;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x;
}

static void
float_text__powers_of_two__as_searched(void **state)
{
	int i;

	(void)state;
	for (i = -1074; i <= 1023; i++)
		check(ldexp(1, i));
}

static void
float_text__powers_of_ten_and_limits__as_searched(void **state)
{
	char text[32];
	int i;

	(void)state;
	for (i = -324; i <= 308; i++) {
		snprintf(text, sizeof(text), "1e%d", i);
		check(strtod(text, NULL));
		snprintf(text, sizeof(text), "9.99999999999999e%d", i);
		check(strtod(text, NULL));
	}
	check(0);
	check(DBL_MIN);
	check(DBL_MAX);
	check(DBL_EPSILON);
}

static void
float_text__random_bits__as_searched(void **state)
{
	uint64_t bits;
	double d;
	int i;

	(void)state;
	for (i = 0; i < ROUNDS; i++) {
		bits = next();
		memcpy(&d, &bits, sizeof(d));
		if (isfinite(d))
			check_one(d);
	}
}

static void
float_text__random_below_the_least_normal__as_searched(void **state)
{
	uint64_t bits;
	double d;
	int i;

	(void)state;
	for (i = 0; i < ROUNDS; i++) {
		bits = next() >> (12 + next() % 52);
		memcpy(&d, &bits, sizeof(d));
		check_one(d);
	}
}

/* As senders send them: up to 17 digits, the point somewhere. */
static void
float_text__random_decimals__as_searched(void **state)
{
	uint64_t below = 1;
	char text[64];
	int i;

	(void)state;
	for (i = 0; i < ROUNDS; i++) {
		below = i % 17 == 0 ? 10 : below * 10;
		snprintf(text, sizeof(text), "%llue%d",
		    (unsigned long long)(next() % below),
		    (int)(next() % 40) - 20);
		check_one(strtod(text, NULL));
	}
}

/* Returns the text that a field gets from this number of JSON. */
static const char *
text_of(enum field_type type, const char *number, struct value *value)
{
	struct scan_error error;
	struct json *document;

	assert_int_equal(
	    json_parse(number, strlen(number), &document, &error), STATUS_OK);
	assert_null(coerce(type, json_root(document), value));
	json_free(document);
	return value->text;
}

static void
check_number(const char *number)
{
	struct value value;
	char expected[32];
	double d = strtod(number, NULL);

	/* As Python, whose integers have no negative zero. */
	search(strcmp(number, "-0") == 0 ? 0 : d, expected);
	assert_string_equal(text_of(FIELD_FLOAT, number, &value), expected);
	assert_true(value.number == d);
}

/* Few digits, with all that can stand before and after them. */
static void
float_text__numbers_of_json__as_searched(void **state)
{
	static const struct {
		const char *before, *after;
	} rows[] = { { "", "" }, { "", ".0" }, { "", ".5" }, { "", ".50" },
		{ "0.", "" }, { "0.0", "" }, { "0.000", "" }, { "0.0000", "" },
		{ "", ".000" }, { "", ".001" }, { "12.", "" }, { "", "e-7" },
		{ "", ".0e3" }, { "1234567890123.", "" },
		{ "0.123456789012", "" }, { "", ".25E-3" },
		{ "10000000000000000", "" }, { "", ".000000000000001" } };
	char number[64];
	size_t r;
	int i;

	(void)state;
	for (i = 0; i <= 1010; i++)
		for (r = 0; r < sizeof(rows) / sizeof(*rows); r++) {
			snprintf(number, sizeof(number), "-%s%d%s",
			    rows[r].before, i, rows[r].after);
			check_number(number);
			check_number(number + 1);
		}
}

static void
float_text__random_numbers_of_json__as_searched(void **state)
{
	char number[64];
	int i;

	(void)state;
	for (i = 0; i < ROUNDS; i++) {
		snprintf(number, sizeof(number), "%s%llu.%0*llu",
		    next() % 2 ? "-" : "",
		    (unsigned long long)(next() % (1ull << next() % 40)),
		    (int)(1 + next() % 12),
		    (unsigned long long)(next() % (1ull << next() % 40)));
		check_number(number);
	}
}

static void
check_integer(const char *number)
{
	char expected[NUMERAL_LEN];
	struct value value;

	assert_int_equal(numeral_int(number, expected), NUMERAL_GOOD);
	assert_string_equal(text_of(FIELD_INT, number, &value), expected);
	assert_true(value.integer == strtoll(expected, NULL, 10));
}

static void
int_text__integers_of_json__as_read_from_text(void **state)
{
	char number[NUMERAL_LEN] = "-";
	int i, n;

	(void)state;
	for (i = -1000; i <= 1000; i++) {
		snprintf(number, sizeof(number), "%d", i);
		check_integer(number);
	}
	check_integer("-0");
	for (i = 0; i < ROUNDS; i++) {
		n = 1 + (int)(next() % SCAN_NUMBER);
		number[0] = '-';
		number[1] = (char)('1' + next() % 9);
		number[1 + n] = '\0';
		while (--n > 0)
			number[1 + n] = (char)('0' + next() % 10);
		check_integer(number);
		check_integer(number + 1);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(float_text__powers_of_two__as_searched),
	cmocka_unit_test(float_text__powers_of_ten_and_limits__as_searched),
	cmocka_unit_test(float_text__random_bits__as_searched),
	cmocka_unit_test(
	    float_text__random_below_the_least_normal__as_searched),
	cmocka_unit_test(float_text__random_decimals__as_searched),
	cmocka_unit_test(float_text__numbers_of_json__as_searched),
	cmocka_unit_test(float_text__random_numbers_of_json__as_searched),
	cmocka_unit_test(int_text__integers_of_json__as_read_from_text),
};

T_MAIN(tests)
