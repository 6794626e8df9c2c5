/* Pydantic v2's lax mode, value by value. Each row is a test. */
#include "t.h"

#include <string.h>

#include "coerce.h"
#include "validate.h"

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
	{ FIELD_INT, "int__too_large__refused", "9223372036854775808",
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
	{ FIELD_INT, "int__text_too_large__refused", "\"99999999999999999999\"",
	    "int_parsing_size" },
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
	{ FIELD_FLOAT, "float__text", "\"650\"", "650.0" },
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
