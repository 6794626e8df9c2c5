/* Pydantic v2's lax mode, value by value. Each row is a test. */
#include "t.h"

#include <string.h>

#include "coerce.h"
#include "validate.h"

/* 128 digits. */
#define EIGHT(n) n n n n n n n n
#define NINES EIGHT(EIGHT("99"))
#define ZEROS EIGHT(EIGHT("00"))

static const struct row {
	enum field_type type;
	const char *name, *in, *out; /* out: JSON, or the error's type */
} rows[] = {
	{ FIELD_INT, "int__whole", "42", "42" },
	{ FIELD_INT, "int__negative", "-42", "-42" },
	{ FIELD_INT, "int__float_without_fraction", "42.0", "42" },
	{ FIELD_INT, "int__exponent", "4.2e1", "42" },
	{ FIELD_INT, "int__float_with_fraction__refused", "42.5",
	    "int_from_float" },
	{ FIELD_INT, "int__negative_zero", "-0.0", "0" },
	{ FIELD_INT, "int__beyond_2_53__exact", "9007199254740993",
	    "9007199254740993" },
	{ FIELD_INT, "int__largest", "9223372036854775807",
	    "9223372036854775807" },
	{ FIELD_INT, "int__beyond_64_bits__exact", "18446744073709551615",
	    "18446744073709551615" },
	{ FIELD_INT, "int__below_64_bits__exact", "-9223372036854775809",
	    "-9223372036854775809" },
	{ FIELD_INT, "int__128_digits__exact", NINES, NINES },
	{ FIELD_INT, "int__128_digits_negative__exact", "-" NINES, "-" NINES },
	{ FIELD_INT, "int__float_beyond_2_53__exact", "9007199254740993.0",
	    "9007199254740993" },
	{ FIELD_INT, "int__exponent_beyond_2_53__exact",
	    "-0.9007199254740993000E+16", "-9007199254740993" },
	{ FIELD_INT, "int__exponent_cancels_fraction", "12300e-2", "123" },
	{ FIELD_INT, "int__zero_with_exponent", "0.00e-300", "0" },
	{ FIELD_INT, "int__fraction_below_a_double", "1.00000000000000000001",
	    "1" },
	{ FIELD_INT, "int__denormal__refused", "5e-324", "int_from_float" },
	{ FIELD_INT, "int__largest_float", "9223372036854774784.0",
	    "9223372036854774784" },
	{ FIELD_INT, "int__float_beyond_64_bits__refused",
	    "9223372036854775808.0", "int_parsing_size" },
	{ FIELD_INT, "int__exponent_beyond_64_bits__refused", "1e30",
	    "int_parsing_size" },
	{ FIELD_INT, "int__far_too_large__refused", "1e300",
	    "int_parsing_size" },
	{ FIELD_INT, "int__text", "\"42\"", "42" },
	{ FIELD_INT, "int__text_with_space", "\" 42\\n\"", "42" },
	{ FIELD_INT, "int__text_with_sign", "\"+42\"", "42" },
	{ FIELD_INT, "int__text_with_zeros", "\"42.00\"", "42" },
	{ FIELD_INT, "int__text_with_underscore", "\"1_000\"", "1000" },
	{ FIELD_INT, "int__text_with_two_underscores__refused", "\"1__0\"",
	    "int_parsing" },
	{ FIELD_INT, "int__text_ends_in_underscore__refused", "\"1_\"",
	    "int_parsing" },
	{ FIELD_INT, "int__text_with_fraction__refused", "\"42.5\"",
	    "int_parsing" },
	{ FIELD_INT, "int__hexadecimal_text__refused", "\"0x2a\"",
	    "int_parsing" },
	{ FIELD_INT, "int__empty_text__refused", "\"\"", "int_parsing" },
	{ FIELD_INT, "int__word__refused", "\"x\"", "int_parsing" },
	{ FIELD_INT, "int__text_beyond_64_bits__exact",
	    "\"18446744073709551615\"", "18446744073709551615" },
	{ FIELD_INT, "int__text_below_64_bits__exact",
	    "\" -18_446_744_073_709_551_616.00 \"", "-18446744073709551616" },
	{ FIELD_INT, "int__text_of_128_digits__exact", "\"-000" NINES ".0\"",
	    "-" NINES },
	{ FIELD_INT, "int__text_of_129_digits__refused", "\"1" NINES "\"",
	    "int_parsing_size" },
	{ FIELD_INT, "int__text_of_500_digits__refused",
	    "\"" NINES NINES NINES NINES "\"", "int_parsing_size" },
	{ FIELD_INT, "int__text_of_129_digits_and_a_word__refused",
	    "\"1" NINES "x\"", "int_parsing" },
	{ FIELD_INT, "int__text_with_leading_zeros", "\"+0001\"", "1" },
	{ FIELD_INT, "int__text_with_500_leading_zeros",
	    "\"" ZEROS ZEROS ZEROS ZEROS "1\"", "1" },
	{ FIELD_INT, "int__text_negative_zero", "\"-0\"", "0" },
	{ FIELD_INT, "int__bare_negative_zero", "-0", "0" },
	{ FIELD_INT, "int__text_with_other_spaces",
	    "\"\\u00a0\\u2003\xe3\x80\x80 42\\u0085\\u2028\"", "42" },
	{ FIELD_INT, "int__text_of_other_spaces__refused", "\"\\u00a0\"",
	    "int_parsing" },
	{ FIELD_INT, "int__text_with_zero_width_space__refused",
	    "\"\\u200b42\"", "int_parsing" },
	{ FIELD_INT, "int__text_with_two_signs__refused", "\"+-1\"",
	    "int_parsing" },
	{ FIELD_INT, "int__text_with_space_behind_sign__refused", "\"- 1\"",
	    "int_parsing" },
	{ FIELD_INT, "int__text_of_a_sign__refused", "\"-\"", "int_parsing" },
	{ FIELD_INT, "int__text_starts_in_underscore__refused", "\"-_1\"",
	    "int_parsing" },
	{ FIELD_INT, "int__text_with_underscore_at_point__refused", "\"1_.0\"",
	    "int_parsing" },
	{ FIELD_INT, "int__text_with_exponent__refused", "\"1e2\"",
	    "int_parsing" },
	{ FIELD_INT, "int__text_without_whole_part__refused", "\".0\"",
	    "int_parsing" },
	{ FIELD_INT, "int__text_in_arabic_digits__refused", "\"\\u0663\"",
	    "int_parsing" },
	{ FIELD_INT, "int__text_in_full_width_digits__refused", "\"\\uff11\"",
	    "int_parsing" },
	{ FIELD_INT, "int__true", "true", "1" },
	{ FIELD_INT, "int__null", "null", "null" },
	{ FIELD_INT, "int__list__refused", "[1]", "int_type" },
	{ FIELD_INT, "int__object__refused", "{}", "int_type" },
	{ FIELD_FLOAT, "float__fraction", "0.30000000000000004",
	    "0.30000000000000004" },
	{ FIELD_FLOAT, "float__whole", "650", "650.0" },
	{ FIELD_FLOAT, "float__negative", "-23.5505", "-23.5505" },
	{ FIELD_FLOAT, "float__large", "1e16", "1e+16" },
	{ FIELD_FLOAT, "float__below_large", "1e15", "1000000000000000.0" },
	{ FIELD_FLOAT, "float__small", "0.00001", "1e-05" },
	{ FIELD_FLOAT, "float__above_small", "0.0001", "0.0001" },
	{ FIELD_FLOAT, "float__zero", "0", "0.0" },
	{ FIELD_FLOAT, "float__largest", "1.7976931348623157e308",
	    "1.7976931348623157e+308" },
	{ FIELD_FLOAT, "float__integer_beyond_64_bits",
	    "123456789012345678901234567890", "1.2345678901234568e+29" },
	{ FIELD_FLOAT, "float__128_digits", NINES, "1e+128" },
	{ FIELD_FLOAT, "float__smallest", "5e-324", "5e-324" },
	{ FIELD_FLOAT, "float__smallest_otherwise", "4.9406564584124654e-324",
	    "5e-324" },
	{ FIELD_FLOAT, "float__largest_denormal", "-2.2250738585072011e-308",
	    "-2.225073858507201e-308" },
	{ FIELD_FLOAT, "float__rounds_up_to_smallest", "2.48e-324", "5e-324" },
	{ FIELD_FLOAT, "float__negative_zero_of_an_integer", "-0", "0.0" },
	{ FIELD_FLOAT, "float__negative_zero", "-0.0", "-0.0" },
	{ FIELD_FLOAT, "float__text", "\"650\"", "650.0" },
	{ FIELD_FLOAT, "float__text_beyond_64_bits",
	    "\"123456789012345678901234567890\"", "1.2345678901234568e+29" },
	{ FIELD_FLOAT, "float__text_small", "\"1e-308\"", "1e-308" },
	{ FIELD_FLOAT, "float__text_smallest", "\"5e-324\"", "5e-324" },
	{ FIELD_FLOAT, "float__text_underflow__refused", "\"1e-400\"",
	    "float_parsing" },
	{ FIELD_FLOAT, "float__text_underflow_rounded__refused",
	    "\"-2.47e-324\"", "float_parsing" },
	{ FIELD_FLOAT, "float__text_zero_postgres_expands__refused",
	    "\"0e-16383\"", "float_parsing" },
	{ FIELD_FLOAT, "float__text_zero_with_exponent", "\"-0e-300\"",
	    "-0.0" },
	{ FIELD_FLOAT, "float__text_of_128_digits", "\"+00" NINES "\"",
	    "1e+128" },
	{ FIELD_FLOAT, "float__text_of_129_digits__refused", "\"1" NINES "\"",
	    "float_parsing" },
	{ FIELD_FLOAT, "float__text_of_long_fraction__refused",
	    "\"0." NINES "\"", "float_parsing" },
	{ FIELD_FLOAT, "float__text_of_leading_zeros", "\"" ZEROS ZEROS "1.5\"",
	    "1.5" },
	{ FIELD_FLOAT, "float__text_negative_zero", "\"-0\"", "-0.0" },
	{ FIELD_FLOAT, "float__text_with_spaces", "\"\\u00a0 1\\t\"", "1.0" },
	{ FIELD_FLOAT, "float__text_with_underscores", "\"1_0.5_0e+0_1\"",
	    "105.0" },
	{ FIELD_FLOAT, "float__text_with_underscore_at_point", "\"1_.5\"",
	    "1.5" },
	{ FIELD_FLOAT, "float__text_with_two_underscores__refused", "\"1__0\"",
	    "float_parsing" },
	{ FIELD_FLOAT, "float__text_starts_in_underscore__refused", "\"_1\"",
	    "float_parsing" },
	{ FIELD_FLOAT, "float__text_ends_in_underscore__refused", "\"1_\"",
	    "float_parsing" },
	{ FIELD_FLOAT, "float__text_with_sign", "\"+1\"", "1.0" },
	{ FIELD_FLOAT, "float__text_without_last_digit", "\"5.e1\"", "50.0" },
	{ FIELD_FLOAT, "float__text_without_digits__refused", "\"-.e1\"",
	    "float_parsing" },
	{ FIELD_FLOAT, "float__text_without_exponent_digits__refused", "\"1e\"",
	    "float_parsing" },
	{ FIELD_FLOAT, "float__text_with_sign_for_exponent__refused", "\"1e+\"",
	    "float_parsing" },
	{ FIELD_FLOAT, "float__text_with_two_points__refused", "\"1.2.3\"",
	    "float_parsing" },
	{ FIELD_FLOAT, "float__text_in_arabic_digits__refused", "\"\\u0663\"",
	    "float_parsing" },
	{ FIELD_FLOAT, "float__text_true__refused", "\"true\"",
	    "float_parsing" },
	{ FIELD_FLOAT, "float__text_infinity_with_sign__refused",
	    "\" +Infinity \"", "finite_number" },
	{ FIELD_FLOAT, "float__text_of_384_digits__refused",
	    "\"" NINES NINES NINES "\"", "float_parsing" },
	{ FIELD_FLOAT, "float__text_with_exponent", "\" 6.5E+2 \"", "650.0" },
	{ FIELD_FLOAT, "float__text_without_leading_digit", "\".5\"", "0.5" },
	{ FIELD_FLOAT, "float__text_nan__refused", "\"nan\"", "finite_number" },
	{ FIELD_FLOAT, "float__text_infinity__refused", "\"-Infinity\"",
	    "finite_number" },
	{ FIELD_FLOAT, "float__text_overflow__refused", "\"1e999\"",
	    "finite_number" },
	{ FIELD_FLOAT, "float__text_hexadecimal__refused", "\"0x10\"",
	    "float_parsing" },
	{ FIELD_FLOAT, "float__text_trailing__refused", "\"5 kWh\"",
	    "float_parsing" },
	{ FIELD_FLOAT, "float__word__refused", "\"e\"", "float_parsing" },
	{ FIELD_FLOAT, "float__true", "true", "1.0" },
	{ FIELD_FLOAT, "float__null", "null", "null" },
	{ FIELD_FLOAT, "float__list__refused", "[]", "float_type" },
	{ FIELD_BOOL, "bool__true", "true", "true" },
	{ FIELD_BOOL, "bool__false", "false", "false" },
	{ FIELD_BOOL, "bool__one", "1", "true" },
	{ FIELD_BOOL, "bool__zero", "0.0", "false" },
	{ FIELD_BOOL, "bool__two__refused", "2", "bool_parsing" },
	{ FIELD_BOOL, "bool__beyond_64_bits__refused", "18446744073709551616",
	    "bool_parsing" },
	{ FIELD_BOOL, "bool__denormal__refused", "5e-324", "bool_parsing" },
	{ FIELD_BOOL, "bool__text_with_space__refused", "\" true\"",
	    "bool_parsing" },
	{ FIELD_BOOL, "bool__text_with_sign__refused", "\"+1\"",
	    "bool_parsing" },
	{ FIELD_BOOL, "bool__yes", "\"YES\"", "true" },
	{ FIELD_BOOL, "bool__t", "\"t\"", "true" },
	{ FIELD_BOOL, "bool__off", "\"Off\"", "false" },
	{ FIELD_BOOL, "bool__n", "\"n\"", "false" },
	{ FIELD_BOOL, "bool__text_one", "\"1\"", "true" },
	{ FIELD_BOOL, "bool__perhaps__refused", "\"perhaps\"", "bool_parsing" },
	{ FIELD_BOOL, "bool__empty__refused", "\"\"", "bool_parsing" },
	{ FIELD_BOOL, "bool__null", "null", "null" },
	{ FIELD_BOOL, "bool__list__refused", "[true]", "bool_type" },
	{ FIELD_STRING, "string__text", "\"a\\u0041\"", "\"aA\"" },
	{ FIELD_STRING, "string__empty", "\"\"", "\"\"" },
	{ FIELD_STRING, "string__number__refused", "1", "string_type" },
	{ FIELD_STRING, "string__bool__refused", "true", "string_type" },
	{ FIELD_STRING, "string__null", "null", "null" },
};

enum {
	ROWS = sizeof(rows) / sizeof(*rows)
};

static void
check_row(void **state)
{
	const struct row *row = *state;
	const struct coerce_error *error;
	struct scan_error scan_error;
	struct json *document;
	struct value value;
	struct buf out;

	assert_int_equal(
	    json_parse(row->in, strlen(row->in), &document, &scan_error),
	    STATUS_OK);
	error = coerce(row->type, json_root(document), &value);
	buf_init(&out, 1024);
	if (error != NULL)
		buf_puts(&out, error->type);
	else
		validate_write(row->type, &value, &out);
	assert_string_equal(out.data, row->out);
	assert_false(error != NULL && value.is_set);
	buf_free(&out);
	json_free(document);
}

int
main(void)
{
	struct CMUnitTest tests[ROWS];
	size_t i;

	t_main();
	for (i = 0; i < ROWS; i++)
		tests[i] = (struct CMUnitTest){ rows[i].name, check_row, NULL,
			NULL, (void *)(uintptr_t)&rows[i] };
	return cmocka_run_group_tests_name("coerce", tests, NULL, NULL);
}
