/* Settings: their order, and one clear line for each bad value. */
#include "t.h"

#include <string.h>
#include <unistd.h>

#include "config.h"

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
	config_print(&c, f);
	config_help(f);
	fclose(f);
	assert_null(strstr(text, "pw"));
	assert_non_null(strstr(text, "SMARTCITY_VALIDATION=strict\n"));
	assert_non_null(strstr(text, "OUTBOX_BATCH_SIZE=500\n"));
	assert_non_null(strstr(text, "THRESHOLD_KWH=500\n"));
	assert_non_null(strstr(text, "(strict|lenient) [strict]"));
	free(text);
}

static void
config__help__stands_in_the_readme(void **state)
{
	char *help = NULL, *readme = calloc(1, 1 << 20);
	size_t n = 0;
	FILE *f = open_memstream(&help, &n);

	(void)state;
	assert_non_null(f);
	config_help(f);
	fclose(f);
	f = fopen("README.md", "r");
	assert_non_null(f);
	assert_non_null(readme);
	assert_true(fread(readme, 1, (1 << 20) - 1, f) > 0);
	fclose(f);
	assert_non_null(strstr(readme, help));
	free(readme);
	free(help);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(config__nothing_set__defaults),
	cmocka_unit_test(config__environment__taken),
	cmocka_unit_test(config__bad_value__named_with_what_is_allowed),
	cmocka_unit_test(config__bad_database_url__not_printed),
	cmocka_unit_test(config__dotenv__below_the_environment),
	cmocka_unit_test(config__location__overrides_business_settings_only),
	cmocka_unit_test(config__printed__every_name_and_no_secret),
	cmocka_unit_test(config__help__stands_in_the_readme),
};

T_MAIN(tests)
