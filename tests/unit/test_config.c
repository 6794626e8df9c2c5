/*
 * Settings: their precedence, and one clear line for each bad value.
 */
#include "t.h"

#include <ctype.h>
#include <string.h>
#include <unistd.h>

#include "config.h"

enum {
	ANYBODY = CONFIG_POOL | CONFIG_WORKER
};

static struct config c;
static char error[256];

static enum status
load_with(const char *name, const char *value)
{
	enum status status;

	setenv(name, value, 1);
	status = config_load(&c, error);
	unsetenv(name);
	return status;
}

static void
config__nothing_set__defaults(void **state)
{
	(void)state;
	assert_int_equal(config_load(&c, error), STATUS_OK);
	assert_true(c.business.threshold_kwh == 500.0);
	assert_int_equal(c.business.quiet_seconds, -1);
	assert_int_equal(c.business.validation, VALIDATION_STRICT);
	assert_int_equal(c.business.unknown, UNKNOWN_PASS);
	assert_int_equal(c.outbox_max_attempts, 10);
}

static void
config__environment__taken(void **state)
{
	(void)state;
	assert_int_equal(load_with("THRESHOLD_KWH", "12.5"), STATUS_OK);
	assert_true(c.business.threshold_kwh == 12.5);
	assert_int_equal(
	    load_with("SMARTCITY_VALIDATION", "lenient"), STATUS_OK);
	assert_int_equal(c.business.validation, VALIDATION_LENIENT);
	assert_int_equal(load_with("OUTBOX_BATCH_SIZE", ""), STATUS_OK);
	assert_int_equal(c.outbox_batch_size, 500);
}

static void
config__bad_value__named_with_what_is_allowed(void **state)
{
	static const struct {
		const char *name, *value, *says;
	} rows[] = {
		{ "THRESHOLD_KWH", "much", "a number" },
		{ "THRESHOLD_KWH", "nan", "a number" },
		{ "OUTBOX_BATCH_SIZE", "0", "from 1 to 10000" },
		{ "OUTBOX_BATCH_SIZE", "1.5", "a whole number" },
		{ "OUTBOX_MAX_ATTEMPTS", "5x", "a whole number" },
		{ "SMARTCITY_VALIDATION", "str", "strict|lenient" },
		{ "SMARTCITY_LOG_LEVEL", "loud", "debug|info|warn|error" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(
		    load_with(rows[i].name, rows[i].value), STATUS_REJECT);
		assert_non_null(strstr(error, rows[i].name));
		assert_non_null(strstr(error, rows[i].value));
		assert_non_null(strstr(error, rows[i].says));
	}
}

static void
config__bad_database_url__not_printed(void **state)
{
	char url[CONFIG_TEXT_LEN + 10];

	(void)state;
	memset(url, 's', sizeof(url));
	url[sizeof(url) - 1] = '\0';
	assert_int_equal(load_with("DATABASE_URL", url), STATUS_REJECT);
	assert_null(strstr(error, "sss"));
}

static void
config__dotenv__below_the_environment(void **state)
{
	char dir[] = "/tmp/smartcity.XXXXXX", was[4096];
	FILE *f;

	(void)state;
	assert_non_null(getcwd(was, sizeof(was)));
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chdir(dir), 0);
	f = fopen(".env", "w");
	assert_non_null(f);
	fputs("# comment\n\nexport THRESHOLD_KWH = \"7\"\n"
	      "POSTGRES_PASSWORD=x\nOUTBOX_BATCH_SIZE='30'\r\nnonsense\n",
	    f);
	fclose(f);
	assert_int_equal(load_with("OUTBOX_BATCH_SIZE", "40"), STATUS_OK);
	assert_true(c.business.threshold_kwh == 7);
	assert_int_equal(c.outbox_batch_size, 40);
	assert_int_equal(unlink(".env"), 0);
	assert_int_equal(chdir(was), 0);
	assert_int_equal(rmdir(dir), 0);
}

static void
config__dotenv_not_readable__refused(void **state)
{
	char dir[] = "/tmp/smartcity.XXXXXX", was[4096];

	(void)state;
	assert_non_null(getcwd(was, sizeof(was)));
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chdir(dir), 0);
	/* Not even root can read it. */
	assert_int_equal(symlink(".env", ".env"), 0);
	assert_int_equal(config_load(&c, error), STATUS_REJECT);
	assert_non_null(strstr(error, ".env: "));
	assert_int_equal(unlink(".env"), 0);
	assert_int_equal(symlink("nonexistent", ".env"), 0);
	assert_int_equal(config_load(&c, error), STATUS_OK);
	assert_int_equal(unlink(".env"), 0);
	assert_int_equal(chdir(was), 0);
	assert_int_equal(rmdir(dir), 0);
}

static const char *
location(void *arg, const char *name)
{
	return strcmp(name, "OUTBOX_BATCH_SIZE") == 0 ? "1"
	    : strcmp(name, "THRESHOLD_KWH") == 0      ? arg
						      : NULL;
}

static void
config__location__overrides_business_settings_only(void **state)
{
	char value[] = "9";

	(void)state;
	assert_int_equal(config_load(&c, error), STATUS_OK);
	assert_int_equal(
	    config_override(&c.business, location, value, error), STATUS_OK);
	assert_true(c.business.threshold_kwh == 9);
	assert_int_equal(c.outbox_batch_size, 500);
	value[0] = 'x';
	assert_int_equal(config_override(&c.business, location, value, error),
	    STATUS_REJECT);
	assert_non_null(strstr(error, "THRESHOLD_KWH"));
}

static void
config__printed__every_name_and_no_secret(void **state)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	(void)state;
	assert_non_null(f);
	assert_int_equal(
	    load_with("DATABASE_URL", "postgresql://u:pw@h/d"), STATUS_OK);
	config_print(&c, ANYBODY, f);
	config_help(f, ANYBODY);
	fclose(f);
	assert_null(strstr(text, "pw"));
	assert_non_null(strstr(text, "SMARTCITY_VALIDATION=strict\n"));
	assert_non_null(strstr(text, "OUTBOX_BATCH_SIZE=500\n"));
	assert_non_null(strstr(text, "THRESHOLD_KWH=500\n"));
	assert_non_null(strstr(text, "(strict|lenient) [strict]"));
	free(text);
}

/* The help as text, which the caller frees. */
static char *
help(int who)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	assert_non_null(f);
	config_help(f, who);
	fclose(f);
	return text;
}

static char *
file(const char *path)
{
	char *text = calloc(1, 1 << 20);
	FILE *f = fopen(path, "r");

	assert_non_null(text);
	assert_non_null(f);
	assert_true(fread(text, 1, (1 << 20) - 1, f) > 0);
	fclose(f);
	return text;
}

static void
config__help__stands_in_the_readme(void **state)
{
	char *all = help(ANYBODY), *readme = file("common/README.md");

	(void)state;
	assert_non_null(strstr(readme, all));
	free(readme);
	free(all);
}

static void
config__help__what_the_program_reads_and_no_more(void **state)
{
	char *pool = help(CONFIG_POOL), *worker = help(CONFIG_WORKER);

	(void)state;
	assert_non_null(strstr(pool, "SMARTCITY_LISTEN "));
	assert_null(strstr(worker, "SMARTCITY_LISTEN "));
	assert_non_null(strstr(worker, "OUTBOX_BATCH_SIZE "));
	assert_null(strstr(pool, "OUTBOX_BATCH_SIZE "));
	assert_non_null(strstr(pool, "DATABASE_URL "));
	assert_non_null(strstr(worker, "DATABASE_URL "));
	/* The worker has no settings per location of nginx. */
	assert_non_null(strstr(pool, "SMARTCITY_LOG_LEVEL        * "));
	assert_null(strchr(worker, '*'));
	free(pool);
	free(worker);
}

/* Whether the text begins with the words, in one line or in several. */
static bool
begins(const char *text, const char *words)
{
	for (; *words != '\0'; words++, text++)
		if (*text != *words && !(*text == '\n' && *words == ' '))
			return false;
	return true;
}

/* Makes a sentence of the help in "NAME  * help (choices) [default]". */
static void
to_sentence(char *line, char sentence[256])
{
	char *end = strstr(line, " [");

	line += strcspn(line, " ");
	line += strspn(line, " *");
	snprintf(sentence, 256, "%.*s", (int)(end - line), line);
	if (strchr(sentence, '|') != NULL)
		*strstr(sentence, " (") = '\0';
	sentence[0] = (char)toupper((unsigned char)sentence[0]);
	strcat(sentence, ".");
}

/*
 * Each line "  NAME  help [default]" must be in the manual page, where the help
 * is a sentence; returns the number of lines.
 */
static int
assert_items(const char *page, char *lines)
{
	char *line, *rest, *fallback, item[256], sentence[256];
	const char *at;
	int n = 0;

	for (line = strtok_r(lines, "\n", &rest);
	     (line = strtok_r(NULL, "\n", &rest)) != NULL; n++) {
		to_sentence(line + 2, sentence);
		fallback = strrchr(line, '[') + 1;
		fallback[strcspn(fallback, "]")] = '\0';
		line += 2;
		line[strcspn(line, " ")] = '\0';
		snprintf(item, sizeof(item), "\n.It Ev %s%s%s\n", line,
		    *fallback == '\0' ? "" : " Ns =", fallback);
		at = strstr(page, item);
		if (at == NULL || !begins(at + strlen(item), sentence))
			fail_msg("no%s%s", item, sentence);
	}
	return n;
}

static int
count(const char *text, const char *what)
{
	int n = 0;

	while ((text = strstr(text, what)) != NULL) {
		n++;
		text++;
	}
	return n;
}

static void
config__names_defaults_and_help__stand_in_the_manual_pages(void **state)
{
	static const struct {
		const char *path;
		int who;
	} pages[] = {
		{ "fcgi/smartcity-fcgi.8", CONFIG_POOL },
		{ "worker/smartcity-worker.8", CONFIG_WORKER },
	};
	char *page, *lines;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(pages) / sizeof(*pages); i++) {
		page = file(pages[i].path);
		lines = help(pages[i].who);
		assert_int_equal(
		    assert_items(page, lines), count(page, "\n.It Ev "));
		free(lines);
		free(page);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(config__nothing_set__defaults),
	cmocka_unit_test(config__environment__taken),
	cmocka_unit_test(config__bad_value__named_with_what_is_allowed),
	cmocka_unit_test(config__bad_database_url__not_printed),
	cmocka_unit_test(config__dotenv__below_the_environment),
	cmocka_unit_test(config__dotenv_not_readable__refused),
	cmocka_unit_test(config__location__overrides_business_settings_only),
	cmocka_unit_test(config__printed__every_name_and_no_secret),
	cmocka_unit_test(config__help__stands_in_the_readme),
	cmocka_unit_test(config__help__what_the_program_reads_and_no_more),
	cmocka_unit_test(
	    config__names_defaults_and_help__stand_in_the_manual_pages),
};

T_MAIN(tests)
