/* The grammar of .env. */
#include "t.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dotenv.h"

static struct dotenv d;
static char error[256];

static const char *
no_environment(const char *name)
{
	(void)name;
	return NULL;
}

static const char *
some_environment(const char *name)
{
	return strcmp(name, "E") == 0 ? "env"
	    : strcmp(name, "N") == 0  ? ""
				      : NULL;
}

static enum status
parse(const char *text, dotenv_source *source)
{
	error[0] = '\0';
	return dotenv_parse(&d, text, strlen(text), source, error);
}

struct row {
	const char *text, *value; /* of V; NULL: not set */
};

static void
assert_rows(const struct row *rows, size_t n, dotenv_source *source)
{
	const char *value;
	size_t i;

	for (i = 0; i < n; i++) {
		if (parse(rows[i].text, source) != STATUS_OK)
			fail_msg("%s: %s", rows[i].text, error);
		value = dotenv_get(&d, "V");
		if ((value == NULL) != (rows[i].value == NULL) ||
		    (value != NULL && strcmp(value, rows[i].value) != 0))
			fail_msg("%s: %s, not %s", rows[i].text,
			    value ? value : "unset",
			    rows[i].value ? rows[i].value : "unset");
		dotenv_free(&d);
	}
}

#define ASSERT_ROWS(rows, source)                                              \
	assert_rows(rows, sizeof(rows) / sizeof(*(rows)), source)

/* docker-compose 1.29 was seen to read the same values. */
static void
dotenv__what_compose_takes__the_same_value(void **state)
{
	static const struct row rows[] = {
		{ "V=a", "a" },
		{ "\xef\xbb\xbfV=a", "a" },
		{ "V=a\r\n", "a" },
		{ "V='a'\r\n", "a" },
		{ "V=\"a\"\r\n", "a" },
		{ " V = a ", "a" },
		{ "\tV\t=\ta\t", "a" },
		{ "export V=a", "a" },
		{ "export \t V=a", "a" },
		{ "  export V = 'a'  ", "a" },
		{ "V='a b'", "a b" },
		{ "V=a b  c", "a b  c" },
		{ "V='a\\'b'", "a'b" },
		{ "V='a\\nb'", "a\\nb" },
		{ "V='say \"x\"'", "say \"x\"" },
		{ "V=\"it's\"", "it's" },
		{ "V=\"a\\nb\\rc\\td\"", "a\nb\rc\td" },
		{ "V=\"a\\\"b\"", "a\"b" },
		{ "V=\"a\\\\b\"", "a\\b" },
		{ "V=\"a\\xb\"", "a\\xb" },
		{ "V=\"a\nb\"", "a\nb" },
		{ "V=a\\nb", "a\\nb" },
		{ "V=a'b'", "a'b'" },
		{ "V='a' # c", "a" },
		{ "V='a'#c", "a" },
		{ "V=\"a\" # c\r\n", "a" },
		{ "V=a # c", "a" },
		{ "V=a\t#c", "a" },
		{ "V=a#c", "a#c" },
		{ "V=#c", "#c" },
		{ "V= # c", "# c" },
		{ "V='a # c'", "a # c" },
		{ "V=a=b", "a=b" },
		{ "V=\xc3\xa9", "\xc3\xa9" },
		{ "V=", NULL },
		{ "V=''", NULL },
		{ "V", NULL },
		{ "", NULL },
		{ "V=1\nV=2", "2" },
		{ "V=1\nV=", NULL },
		{ "#V=1\n  # x\n\n\r\nV=2", "2" },
		{ "A B=c\nV=1", "1" },
		{ "nonsense\nV=1", "1" },
		{ "V=a$b", "a$b" },
		{ "V=a$$b$", "a$$b$" },
		{ "U=x\nV=$U", "$U" },
		{ "U=x\nV=${U}", "x" },
		{ "U=x\nV=\"${U}\"", "x" },
		{ "V=x${U}y", "xy" },
		{ "V=${U:-d}", "d" },
		{ "V=${U:-a b} # c", "a b" },
		{ "V=\"${U:-a#b}\"", "a#b" },
	};

	(void)state;
	ASSERT_ROWS(rows, no_environment);
}

/* As Compose v2 does; v1 differs. */
static void
dotenv__references__as_compose_v2_expands_them(void **state)
{
	static const struct row rows[] = {
		{ "U=x\nV='${U}'", "${U}" },
		{ "V='a\\\\b'", "a\\\\b" },
		{ "V=\"a\\$b\"", "a$b" },
		{ "V=\"\\${U}\"", "${U}" },
		{ "V=${U-d}", "d" },
		{ "U=\nV=${U-d}", NULL },
		{ "U=\nV=${U:-d}", "d" },
		{ "U=x\nV=${U:-d}", "x" },
		{ "U=x\nV=${U:+y}", "y" },
		{ "V=a${U:+y}", "a" },
		{ "U=x\nV=${U:?}", "x" },
		{ "V=${A:-${B:-c}}d", "cd" },
		{ "V=${E}", "env" },
		{ "E=line\nV=${E}", "env" },
		{ "N=line\nV=${N}", "line" },
		{ "V=${V:-1}\nV=${V}2", "12" },
	};

	(void)state;
	ASSERT_ROWS(rows, some_environment);
}

static void
dotenv__malformed__refused_by_its_line_without_the_value(void **state)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{ "\n\nV='secret", "line 3: a quote is not closed" },
		{ "V=\"secret\nW=1\n", "line 1: a quote is not closed" },
		{ "V=\"secret\\", "line 1: a quote is not closed" },
		{ "U=\"a\nb\"\nV='secret' x", "line 3: text behind" },
		{ "V='secret'secret", "line 1: text behind" },
		{ "V=${secret", "line 1: ${ without }" },
		{ "V=${secret!x}", "line 1: ${…} is not understood" },
		{ "V=${secret:}", "line 1: ${…} is not understood" },
		{ "V=${}", "line 1: ${…} is not understood" },
		{ "V=${U:?secret}", "is not set" },
		{ "V=${A:-${A:-${A:-${A:-${A:-${A:-${A:-${A:-${A:-${A:-"
		  "${A:-x}}}}}}}}}}}",
		    "is not understood" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(
		    parse(rows[i].text, no_environment), STATUS_REJECT);
		dotenv_free(&d);
		if (strncmp(error, ".env, line ", 11) != 0 ||
		    strstr(error, rows[i].says) == NULL ||
		    strstr(error, "secret") != NULL)
			fail_msg("%s: %s", rows[i].text, error);
	}
}

static void
dotenv__long_value__whole_or_refused(void **state)
{
	static char text[100000];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	memcpy(text, "\nV=", 3);
	assert_int_equal(parse(text, no_environment), STATUS_REJECT);
	assert_string_equal(error, ".env, line 2: the value is too long");
	dotenv_free(&d);
	text[60000] = '\0';
	assert_int_equal(parse(text, no_environment), STATUS_OK);
	assert_int_equal(strlen(dotenv_get(&d, "V")), 60000 - 3);
	dotenv_free(&d);
}

/* As editors of Windows save "Unicode". */
static void
dotenv__utf16__refused(void **state)
{
	(void)state;
	assert_int_equal(
	    dotenv_parse(&d, "\xff\xfeV\0=\0", 6, no_environment, error),
	    STATUS_REJECT);
	assert_non_null(strstr(error, "not UTF-8"));
	dotenv_free(&d);
}

static void
dotenv__dollar_that_compose_may_replace__marked(void **state)
{
	(void)state;
	assert_int_equal(
	    parse("A=p$w\nB='p$w'\nC=\"p\\$w\"\nD=${A}\nE=p$", no_environment),
	    STATUS_OK);
	assert_int_equal(d.count, 5);
	assert_true(d.lines[0].has_dollar);
	assert_false(d.lines[1].has_dollar);
	assert_false(d.lines[2].has_dollar);
	assert_false(d.lines[3].has_dollar);
	assert_true(d.lines[4].has_dollar);
	dotenv_free(&d);
}

static void
dotenv__no_name_before_the_equals_sign__kept_as_a_line_without_one(void **state)
{
	(void)state;
	assert_int_equal(
	    parse("word\nTHRESHOLD KWH=5\n=x\n", no_environment), STATUS_OK);
	assert_int_equal(d.count, 2);
	assert_string_equal(d.lines[0].name, "");
	assert_int_equal(d.lines[0].number, 2);
	assert_int_equal(d.lines[1].number, 3);
	dotenv_free(&d);
}

static void
dotenv__file_of_a_megabyte__refused(void **state)
{
	char dir[] = "/tmp/smartcity.XXXXXX", was[4096];

	(void)state;
	assert_non_null(getcwd(was, sizeof(was)));
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chdir(dir), 0);
	assert_int_equal(dotenv_open(&d, error), STATUS_OK);
	assert_int_equal(d.count, 0);
	assert_int_equal(mkdir(".env", 0700), 0);
	assert_int_equal(dotenv_open(&d, error), STATUS_REJECT);
	assert_non_null(strstr(error, ".env: "));
	assert_int_equal(rmdir(".env"), 0);
	assert_int_equal(system("head -c 2000000 /dev/zero | tr '\\0' '#' "
				">.env"),
	    0);
	assert_int_equal(dotenv_open(&d, error), STATUS_REJECT);
	assert_non_null(strstr(error, "megabyte"));
	assert_int_equal(unlink(".env"), 0);
	assert_int_equal(chdir(was), 0);
	assert_int_equal(rmdir(dir), 0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(dotenv__what_compose_takes__the_same_value),
	cmocka_unit_test(dotenv__references__as_compose_v2_expands_them),
	cmocka_unit_test(
	    dotenv__malformed__refused_by_its_line_without_the_value),
	cmocka_unit_test(dotenv__long_value__whole_or_refused),
	cmocka_unit_test(dotenv__utf16__refused),
	cmocka_unit_test(dotenv__dollar_that_compose_may_replace__marked),
	cmocka_unit_test(
	    dotenv__no_name_before_the_equals_sign__kept_as_a_line_without_one),
	cmocka_unit_test(dotenv__file_of_a_megabyte__refused),
};

T_MAIN(tests)
