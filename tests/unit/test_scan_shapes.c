/*
 * Every shape of text that a JSON parser has been seen to get wrong, as
 * JSONTestSuite collects them, and those that cJSON or PostgreSQL read in
 * another way than we do. Each row is a test.
 */
#include "t.h"

#include <string.h>

#include "scan.h"

#define ROW(name, text, status)                                                \
	{                                                                      \
		name, text, sizeof(text) - 1, status                           \
	}
#define NO(name, text) ROW(name "__refused", text, STATUS_REJECT)
#define YES(name, text) ROW(name "__accepted", text, STATUS_OK)

static const struct row {
	const char *name, *text;
	size_t len;
	enum status status;
} rows[] = {
	/* Arrays. */
	NO("array__no_comma_before_literal", "[7 false]"),
	NO("array__colon_for_comma", "[\"k\": 7]"),
	NO("array__colon_between_numbers", "[7:8]"),
	NO("array__no_comma_before_inner", "[7[8]]"),
	NO("array__comma_behind", "[\"\"],"),
	NO("array__comma_first", "[,7]"),
	NO("array__spaces_then_comma_first", "[  , \"\"]"),
	NO("array__comma_alone", "[,]"),
	NO("array__comma_twice", "[7,,8]"),
	NO("array__comma_last", "[7,]"),
	NO("array__comma_last_behind_string", "[\"\",]"),
	NO("array__two_commas_last", "[7,,]"),
	NO("array__two_commas_last_behind_string", "[\"k\",,]"),
	NO("array__closed_twice", "[7]]"),
	NO("array__of_string_closed_twice", "[\"k\"]]"),
	NO("array__minus_alone", "[-]"),
	NO("array__star", "[*]"),
	NO("array__letter_unclosed", "[k"),
	NO("array__letter_then_cut_utf8", "[k\xe5]"),
	NO("array__byte_ff", "[\xff]"),
	NO("array__vertical_tab_and_form_feed", "[\"\x0bk\"\\f]"),
	NO("array__form_feed_as_space", "[\x0c]"),
	NO("array__word_joiner_as_space", "[\xe2\x81\xa0]"),
	NO("array__raw_nul_as_space", "[\0]"),
	NO("array__bracket_in_angles", "[<null>]"),
	NO("array__unclosed_number", "[7"),
	NO("array__unclosed_string_value", "[\"k\""),
	NO("array__unclosed_empty_string", "[\"\""),
	NO("array__unclosed_object", "[{}"),
	NO("array__unclosed_comma", "[7,"),
	NO("array__unclosed_lines", "[\"k\",\n7\n,8,"),
	NO("array__unclosed_numbers_on_lines", "[7,\n8\n,9"),
	NO("array__opened_only", "["),
	NO("array__opened_then_comma", "[,"),
	NO("array__opened_then_apostrophe", "['"),
	NO("array__opened_then_object_opened", "[{"),
	NO("array__opened_then_string_opened", "[\"k"),
	NO("array__opened_then_string", "[\"k\" "),
	NO("array__unclosed_string_and_bracket", "[\"kkk]"),
	NO("array__strings_and_braces_opened", "[\"\\{[\"\\{[\"\\{[\"\\{"),
	NO("array__cut_true", "[tr]"),
	NO("array__cut_false", "[fal]"),
	NO("array__cut_null", "[nu]"),
	NO("array__cut_true_unclosed", "[ false, tr"),
	NO("array__cut_false_unclosed", "[ true, fal"),
	NO("array__cut_null_unclosed", "[ false, nu"),
	NO("array__capital_literal", "[True]"),
	NO("array__misspelt_literal", "[\"k\", nulls]"),
	NO("array__letter_with_accent", "[\xc3\xa9]"),
	NO("array__apostrophes", "['in quotes']"),
	NO("array__escape_without_quotes", "[\\n]"),
	NO("array__escaped_space_before_string", "[\\u0020\"k\"]"),
	NO("array__escaped_newline_before_string", "[\\u000A\"\"]"),

	/* Numbers. */
	NO("number__plus", "[+7]"),
	NO("number__two_pluses", "[++789]"),
	NO("number__plus_infinity", "[+Inf]"),
	NO("number__inf", "[Inf]"),
	NO("number__infinity", "[Infinity]"),
	NO("number__minus_infinity", "[-Infinity]"),
	NO("number__nan", "[NaN]"),
	NO("number__minus_nan", "[-NaN]"),
	NO("number__leading_zero", "[078]"),
	NO("number__minus_leading_zero", "[-07]"),
	NO("number__minus_leading_zero_longer", "[-078]"),
	NO("number__two_points", "[0.7.8]"),
	NO("number__point_at_both_ends", "[-7.0.]"),
	NO("number__point_last", "[7.]"),
	NO("number__minus_point_last", "[-7.]"),
	NO("number__point_first", "[.789]"),
	NO("number__minus_point_first", "[-.789]"),
	NO("number__point_then_minus", "[.-7]"),
	NO("number__point_first_and_exponent", "[.7e-8]"),
	NO("number__point_then_exponent", "[7.e8]"),
	NO("number__point_then_plus_exponent", "[7.e+8]"),
	NO("number__point_then_minus_exponent", "[7.e-8]"),
	NO("number__point_then_cut_exponent", "[7.e+]"),
	NO("number__zero_point_then_exponent", "[0.e7]"),
	NO("number__zero_cut_exponent", "[0e]"),
	NO("number__zero_cut_plus_exponent", "[0e+]"),
	NO("number__zero_cut_capital_exponent", "[0E]"),
	NO("number__zero_cut_capital_plus_exponent", "[0E+]"),
	NO("number__fraction_cut_exponent", "[0.7e]"),
	NO("number__fraction_cut_plus_exponent", "[0.7e+]"),
	NO("number__real_cut_exponent", "[7.0e]"),
	NO("number__real_cut_plus_exponent", "[7.0e+]"),
	NO("number__real_cut_minus_exponent", "[7.0e-]"),
	NO("number__two_exponents", "[7eE8]"),
	NO("number__two_exponent_signs", "[0e+-7]"),
	NO("number__letter_for_exponent", "[7ex]"),
	NO("number__letter_in_fraction", "[7.8a-9]"),
	NO("number__h_for_exponent", "[7.8901234567890123H-300]"),
	NO("number__word_behind", "[-789.789bar]"),
	NO("number__letter_behind", "[-7k]"),
	NO("number__minus_word", "[-bar]"),
	NO("number__minus_space", "[- 7]"),
	NO("number__space_inside", "[7 000.0]"),
	NO("number__expression", "[7+8]"),
	NO("number__hexadecimal_digit", "[0x7]"),
	NO("number__hexadecimal_digits", "[0x78]"),
	NO("number__full_width_digit", "[\xef\xbc\x97]"),
	NO("number__cut_utf8_behind_zero", "[0\xe5]\n"),
	NO("number__cut_utf8_behind_digits", "[789\xe5]"),
	NO("number__cut_utf8_for_exponent", "[7e\xe5]"),
	NO("number__cut_utf8_behind_exponent", "[7e8\xe5]"),
	NO("number__raw_nul_behind", "789\0"),
	NO("number__at_sign_behind", "7@"),
	NO("number__minus_inside", "[7-8]"),

	/* Objects. */
	NO("object__no_value", "[\"k\", falsehood]"),
	NO("object__bracket_for_name", "{[: \"k\"}\n"),
	NO("object__comma_for_colon", "{\"k\", true}"),
	NO("object__two_colons", "{\"k\"::\"l\"}"),
	NO("object__flags_for_name", "{\xf0\x9f\x87\xa7\xf0\x9f\x87\xb7}"),
	NO("object__number_behind_value", "{\"k\":\"l\" 789}"),
	NO("object__bare_name_and_apostrophes", "{name: 'l'}"),
	NO("object__bare_name", "{k: \"l\"}"),
	NO("object__apostrophes_for_quotes", "{'k':7}"),
	NO("object__apostrophes_unclosed", "{'k'"),
	NO("object__continuation_byte_and_last_comma", "{\"\xb9\":\"7\",}"),
	NO("object__no_colon_before_letter", "{\"k\" l}"),
	NO("object__no_colon_before_string", "{\"k\" \"l\"}"),
	NO("object__no_colon_unclosed", "{\"k\""),
	NO("object__no_name", "{:\"l\"}"),
	NO("object__no_value_unclosed", "{\"k\":"),
	NO("object__empty_name_no_value", "{\"\":"),
	NO("object__number_for_name", "{7:7}"),
	NO("object__huge_number_for_name", "{7777E7777:7}"),
	NO("object__null_for_names", "{null:null,null:null}"),
	NO("object__comma_last", "{\"k\":7,}"),
	NO("object__many_commas_last", "{\"k\":7,,,,,}"),
	NO("object__two_commas_inside", "{\"k\":\"l\",,\"m\":\"n\"}"),
	NO("object__comment_behind", "{\"k\":\"l\"}/**/"),
	NO("object__odd_comment_behind", "{\"k\":\"l\"}/**//"),
	NO("object__line_comment_behind", "{\"k\":\"l\"}//"),
	NO("object__slash_behind", "{\"k\":\"l\"}/"),
	NO("object__comment_inside", "{\"k\":/*why*/\"l\"}"),
	NO("object__number_sign_behind", "{\"k\":\"l\"}#"),
	NO("object__number_sign_and_object_behind", "{\"k\":\"l\"}#{}"),
	NO("object__string_behind", "{\"k\": true} \"l\""),
	NO("object__closed_twice", "{}}"),
	NO("object__string_alone", "{ \"k\" : \"l\", \"m\" }"),
	NO("object__unclosed_string_value", "{\"k\":\"l"),
	NO("object__unclosed", "{\"kk\":\"kk\""),
	NO("object__comma_for_brace", "{\"k\": false,"),
	NO("object__opened_only", "{"),
	NO("object__opened_then_bracket_closed", "{]"),
	NO("object__opened_then_comma", "{,"),
	NO("object__opened_then_array_opened", "{["),
	NO("object__opened_then_string_opened", "{\"k"),

	/* Strings. */
	NO("string__high_surrogate_then_quote_escape", "[\"\\uD801\\\"]"),
	NO("string__high_surrogate_then_u", "[\"\\uD801\\u\"]"),
	NO("string__high_surrogate_then_one_digit", "[\"\\uD801\\u7\"]"),
	NO("string__high_surrogate_then_bad_digit", "[\"\\uD801\\u7x\"]"),
	NO("string__high_surrogate_then_cut_low", "[\"\\uD835\\uDe\"]"),
	NO("string__two_high_surrogates_and_bad_escape",
	    "[\"\\uD801\\uD801\\x\"]"),
	NO("string__escaped_raw_nul", "[\"\\\0\"]"),
	NO("string__escaped_x", "[\"\\x07\"]"),
	NO("string__escaped_a", "[\"\\a\"]"),
	NO("string__escaped_capital_u", "\"\\UB77E\""),
	NO("string__escaped_raw_tab", "[\"\\\t\"]"),
	NO("string__escaped_emoji", "[\"\\\xf0\x9f\x8c\x81\"]"),
	NO("string__escaped_cut_utf8", "[\"\\\xe5\"]"),
	NO("string__escaped_u_and_cut_utf8", "[\"\\u\xe5\"]"),
	NO("string__three_backslashes", "[\"\\\\\\\"]"),
	NO("string__escaped_end", "[\"\\\"]"),
	NO("string__cut_at_backslash", "[\"\\"),
	NO("string__three_digits", "[\"\\u00B\"]"),
	NO("string__no_hexadecimal_digits", "[\"\\uwxyz\"]"),
	NO("string__quote_alone", "\""),
	NO("string__raw_nul", "[\"k\0k\"]"),
	NO("string__raw_newline", "[\"two\nlines\"]"),
	NO("string__raw_tab", "[\"\t\"]"),
	NO("string__letter_behind", "\"\"k"),
	NO("string__no_quotes", "kkk"),

	/* The whole document. */
	NO("text__empty", ""),
	NO("text__space_only", " "),
	NO("text__byte_order_mark_only", "\xef\xbb\xbf"),
	NO("text__cut_byte_order_mark", "\xef\xbb{}"),
	NO("text__point_in_angles", "<.>"),
	NO("text__letter_behind_array", "[7]k"),
	NO("text__bracket_behind_array", "[7 ]]"),
	NO("text__bracket_behind_number", "7]"),
	NO("text__two_arrays", "[][]"),
	NO("text__bracket_closed_only", "]"),
	NO("text__ascii_and_unicode_word", "k\xc3\xa5"),
	NO("text__unicode_word", "\xc3\xa5"),
	NO("text__byte_e5", "\xe5"),
	NO("text__latin_1_letter", "\xe9"),
	NO("text__star", "*"),

	/* Where cJSON or PostgreSQL would do something else. */
	NO("ours__equal_names", "{\"k\":7,\"k\":8}"),
	NO("ours__equal_names_and_values", "{\"k\":7,\"k\":7}"),
	NO("ours__equal_names_one_escaped", "{\"k\":7,\"\\u006b\":8}"),
	NO("ours__equal_names_both_escaped", "{\"\\/\":7,\"\\u002F\":8}"),
	NO("ours__equal_names_beyond_bmp",
	    "{\"\xf0\x9f\x98\x80\":7,\"\\ud83D\\uDe00\":8}"),
	NO("ours__equal_names_apart", "{\"k\":{\"k\":[{}]},\"l\":8,\"k\":9}"),
	NO("ours__equal_empty_names", "{\"\":7,\"\":8}"),
	NO("ours__escaped_nul", "[\"k\\u0000k\"]"),
	NO("ours__escaped_nul_alone", "\"\\u0000\""),
	NO("ours__escaped_nul_in_name", "{\"k\\u0000l\": 77}"),
	NO("ours__raw_nul_between_documents", "{\"k\":7}\0{\"l\":8}"),
	NO("ours__raw_nul_between_tokens", "{\"k\"\0:7}"),
	NO("ours__raw_nul_last", "{}\0"),
	NO("ours__byte_01_as_space", "[\x01]"),
	NO("ours__vertical_tab_as_space", "[\x0b]"),
	NO("ours__byte_01_in_string", "\"\x01\""),
	NO("ours__byte_1f_in_string", "\"\x1f\""),
	NO("ours__no_break_space_as_space", "[\xc2\xa0]"),
	NO("ours__byte_ff_in_string", "\"\xff\""),
	NO("ours__overlong_nul", "\"\xc0\x80\""),
	NO("ours__overlong_slash", "\"\xe0\x80\xaf\""),
	NO("ours__surrogate_in_utf8", "\"\xed\xa0\x80\""),
	NO("ours__beyond_10ffff", "\"\xf4\x90\x80\x80\""),
	NO("ours__cut_sequence_at_quote", "\"\xe2\x82\""),
	NO("ours__cut_sequence_at_end", "\"\xf0\x9f\x98"),
	NO("ours__lone_high_surrogate", "\"\\ud800\""),
	NO("ours__lone_low_surrogate", "\"\\udc00\""),
	NO("ours__high_surrogate_then_letter", "\"\\ud800\\u0041\""),
	NO("ours__surrogates_in_wrong_order", "\"\\uDD1E\\uD834\""),
	NO("ours__bad_digit_in_middle", "\"\\u12G4\""),
	NO("ours__two_byte_order_marks", "\xef\xbb\xbf\xef\xbb\xbf{}"),
	NO("ours__utf16_with_mark", "\xff\xfe{\0}\0"),
	NO("ours__utf16", "{\0}\0"),
	NO("ours__two_objects", "{\"k\":7}{\"l\":8}"),
	NO("ours__letter_behind_object", "{\"k\":7}k"),
	NO("ours__number_over_range", "1e400"),
	NO("ours__number_under_range", "-1e400"),
	NO("ours__number_underflows", "1e-400"),
	NO("ours__number_postgres_expands", "1e131071"),
	NO("ours__number_postgres_refuses", "1e131072"),
	NO("ours__number_exponent_overflows_int", "1e99999999999"),
	NO("ours__tiny_number_postgres_expands", "1e-16383"),
	NO("ours__zero_postgres_expands", "0e-16383"),
	NO("ours__zero_postgres_refuses", "0.0e99999"),
	NO("ours__misspelt_null", "nulll"),

	/* What has to pass. */
	YES("array__empty", "[]"),
	YES("array__spaces_around", " [] "),
	YES("array__inner_and_spaces", "[[]   ]"),
	YES("array__empty_string", "[\"\"]"),
	YES("array__newline_behind", "[\"k\"]\n"),
	YES("array__no_newline_behind", "[\"k\"]"),
	YES("array__false", "[false]"),
	YES("array__true", "[true]"),
	YES("array__null", "[null]"),
	YES("array__nulls", "[7,null,null,null,8]"),
	YES("array__mixed", "[null, 7, \"7\", {}]"),
	YES("array__newline_inside", "[7\n]"),
	YES("array__space_before", " [7]"),
	YES("array__space_behind", "[8] "),
	YES("number__exponent", "[789e56]"),
	YES("number__exponent_smaller", "[789e34]"),
	YES("number__zero_exponent", "[0e7]"),
	YES("number__zero_plus_exponent", "[0e+7]"),
	YES("number__behind_space", "[ 7]"),
	YES("number__78_zeros_then_a_one",
	    "[-0.00000000000000000000000000000000000000000000000000000000000"
	    "0000000000000000001]\n"),
	YES("number__digit_exponent", "[70e8]"),
	YES("number__minus_zero", "[-0]"),
	YES("number__minus_zero_fraction", "[-0.0]"),
	YES("number__negative", "[-789]"),
	YES("number__negative_digit", "[-7]"),
	YES("number__capital_exponent", "[7E23]"),
	YES("number__capital_minus_exponent", "[7E-8]"),
	YES("number__capital_plus_exponent", "[7E+8]"),
	YES("number__minus_exponent", "[7e-8]"),
	YES("number__plus_exponent", "[7e+8]"),
	YES("number__fraction_and_exponent", "[789.789e67]"),
	YES("number__integer", "[789]"),
	YES("number__real", "[789.789123]"),
	YES("number__beyond_2_53", "9007199254740993"),
	YES("number__largest_int64", "9223372036854775807"),
	YES("number__beyond_uint64", "18446744073709551616"),
	YES("number__smallest_double", "5e-324"),
	YES("number__largest_denormal_double", "2.2250738585072011e-308"),
	YES("number__not_a_double", "0.30000000000000004"),
	YES("object__empty", "{}"),
	YES("object__member", "{\"key\":\"lmn\"}"),
	YES("object__members", "{\"key\":\"lmn\", \"opq\":\"rst\"}"),
	YES("object__empty_name", "{\"\":7}"),
	YES("object__extreme_numbers", "{ \"a\": -7.0e+27, \"b\": 7.0e+27 }"),
	YES("object__long_strings",
	    "{\"a\":[{\"b\": \"yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\"}], "
	    "\"b\": \"yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\"}"),
	YES("object__array", "{\"k\":[]}"),
	YES("object__escaped_words",
	    "{\"k\":\"\\u0421\\u0430\\u043d \\u041f\\u0430\\u0443\"}"),
	YES("object__lines", "{\n\"k\": \"l\"\n}"),
	YES("object__names_differ_in_case", "{\"K\":7,\"k\":8}"),
	YES("object__name_of_outer", "{\"k\":{\"k\":{\"k\":7}}}"),
	YES("object__name_of_sibling", "[{\"k\":7},{\"k\":8}]"),
	YES("object__name_escaped_backslash", "{\"k\":7,\"\\\\u006b\":8}"),
	YES("object__name_and_its_prefix", "{\"k\":7,\"kk\":8,\"\":9}"),
	YES("object__name_with_meaning_elsewhere", "{\"__proto__\":7}"),
	YES("string__escapes_of_1_2_3_bytes", "[\"\\u0061\\u012b\\u12AC\"]"),
	YES("string__surrogate_pair", "[\"\\uD802\\udc38\"]"),
	YES("string__surrogate_pairs", "[\"\\ud83d\\ude3a\\ud83d\\udc8e\"]"),
	YES("string__last_surrogate_pair", "[\"\\uDBFF\\uDFFF\"]"),
	YES("string__clef_escaped", "[\"\\uD834\\uDd1e\"]"),
	YES("string__noncharacter_beyond_bmp", "[\"\\uD83F\\uDFFE\"]"),
	YES("string__noncharacter_10fffe", "[\"\\uDBFF\\uDFFE\"]"),
	YES("string__noncharacter_escaped", "[\"\\uFFFF\"]"),
	YES("string__noncharacter_fffe_escaped", "[\"\\uFFFE\"]"),
	YES("string__noncharacter_fdd0_escaped", "[\"\\uFDD0\"]"),
	YES("string__noncharacter_ffff", "[\"\xef\xbf\xbf\"]"),
	YES("string__noncharacter_10ffff", "[\"\xf4\x8f\xbf\xbf\"]"),
	YES("string__unassigned", "[\"\xf0\x9b\xbf\xbf\"]"),
	YES("string__every_short_escape", "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]"),
	YES("string__backslash_then_u0000", "[\"\\\\u0000\"]"),
	YES("string__escaped_quote", "[\"\\\"\"]"),
	YES("string__comments", "[\"k/*l*/m/*n//o\"]"),
	YES("string__backslash_then_letter", "[\"\\\\k\"]"),
	YES("string__backslash_then_n", "[\"\\\\n\"]"),
	YES("string__control_escaped", "[\"\\u0013\"]"),
	YES("string__in_array", "[\"klm\"]"),
	YES("string__in_array_behind_space", "[ \"klm\"]"),
	YES("string__space_last", "[\"klm \"]"),
	YES("string__space_only", "\" \""),
	YES("string__empty", "\"\""),
	YES("string__no_break_space_escaped", "[\"two\\u00A0words\"]"),
	YES("string__newline_escaped", "[\"two\\u000Alines\"]"),
	YES("string__comma_escaped", "[\"\\u002c\"]"),
	YES("string__quote_as_unicode_escape", "[\"\\u0022\"]"),
	YES("string__backslash_as_unicode_escape", "[\"\\u005C\"]"),
	YES("string__escape_of_two_bytes", "[\"\\u0124\"]"),
	YES("string__escape_of_three_bytes", "[\"\\u0822\"]"),
	YES("string__four_escapes", "[\"\\u0062\\u30b0\\u30EB\\u30ba\"]"),
	YES("string__capital_digits", "[\"\\uB77E\"]"),
	YES("string__zero_width_space", "[\"\\u200B\"]"),
	YES("string__invisible_plus", "[\"\\u2064\"]"),
	YES("string__greek", "[\"\xcf\x83\"]"),
	YES("string__line_separator", "[\"\xe2\x80\xa8\"]"),
	YES("string__paragraph_separator", "[\"\xe2\x80\xa9\"]"),
	YES("string__delete", "[\"\x7f\"]"),
	YES("string__delete_between_letters", "[\"k\x7fk\"]"),
	YES("string__symbols", "[\"\xe2\x8d\x83\xe3\x88\xb5\xe2\x8d\x83\"]"),
	YES("string__three_and_four_bytes",
	    "[\"\xe2\x82\xac\xf0\x9d\x84\x9f\"]"),
	YES("text__false", "false"),
	YES("text__true", "true"),
	YES("text__null", "null"),
	YES("text__integer", "78"),
	YES("text__negative_real", "-0.7"),
	YES("text__string", "\"klm\""),
	YES("text__every_space_around", " \t\r\n{ \t\r\n} \t\r\n"),
};

enum {
	ROWS = sizeof(rows) / sizeof(*rows)
};

/* The copy has no byte too many: the sanitizer sees a read beyond it. */
static enum status
scan_copy(const char *text, size_t len, struct buf *out)
{
	struct scan_error error = { 0, NULL };
	char *copy = test_malloc(len > 0 ? len : 1);
	enum status status;

	memcpy(copy, text, len);
	status = scan_json(copy, len, out, &error);
	test_free(copy);
	if (status == STATUS_REJECT) {
		assert_non_null(error.reason);
		assert_in_range(error.offset, 0, len);
	}
	return status;
}

static void
check_row(void **state)
{
	const struct row *row = *state;
	struct buf once, twice, wrapped;

	buf_init(&once, row->len);
	buf_init(&twice, row->len);
	buf_init(&wrapped, row->len + 6);
	assert_int_equal(scan_copy(row->text, row->len, &once), row->status);
	if (row->status == STATUS_OK) {
		assert_int_equal(
		    scan_copy(once.data, once.len, &twice), STATUS_OK);
		assert_string_equal(once.data, twice.data);
	}
	buf_puts(&wrapped, "{\"d\":");
	buf_put(&wrapped, row->text, row->len);
	buf_puts(&wrapped, "}");
	assert_int_equal(
	    scan_copy(wrapped.data, wrapped.len, NULL), row->status);
	buf_free(&once);
	buf_free(&twice);
	buf_free(&wrapped);
}

int
main(void)
{
	static struct CMUnitTest tests[ROWS];
	size_t i;

	t_main();
	for (i = 0; i < ROWS; i++)
		tests[i] = (struct CMUnitTest){ rows[i].name, check_row, NULL,
			NULL, (void *)(uintptr_t)&rows[i] };
	return cmocka_run_group_tests_name("scan shapes", tests, NULL, NULL);
}
