#include "setting.h"

#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "config.h"
#include "pg.h"

#define PROGRAM "smartcity-fcgi"

enum {
	ERROR_LEN = 256
};

/* EX_OK: the caller frees *value, which is NULL if it is not set. */
static int
value_of(const char *name, char **value)
{
	char error[ERROR_LEN];

	if (config_value(name, value, error) == STATUS_OK)
		return EX_OK;
	fprintf(stderr, PROGRAM ": %s\n", error);
	return EX_CONFIG;
}

int
setting_print(const char *name)
{
	char *value;
	int rc = value_of(name, &value);

	if (rc == EX_OK)
		puts(value != NULL ? value : config_fallback(name));
	free(value);
	return rc;
}

/* In single quotes, where only a single quote is special to the shell. */
static void
print_quoted(const char *s)
{
	putchar('\'');
	for (; *s != '\0'; s++)
		if (*s == '\'')
			fputs("'\\''", stdout);
		else
			putchar(*s);
	putchar('\'');
}

static void
export_option(
    void *arg, const char *keyword, const char *variable, const char *value)
{
	(void)arg;
	if (variable == NULL) {
		fprintf(stderr,
		    PROGRAM ": DATABASE_URL: %s is left out, because libpq has "
			    "no environment variable for it\n",
		    keyword);
		return;
	}
	printf("export %s=", variable);
	print_quoted(value);
	putchar('\n');
}

int
setting_libpq(void)
{
	char *url;
	int rc = value_of("DATABASE_URL", &url);

	if (rc == EX_OK && url != NULL)
		puts("# DATABASE_URL");
	if (rc == EX_OK && url != NULL &&
	    pg_options(url, export_option, NULL) != STATUS_OK) {
		fprintf(stderr,
		    PROGRAM ": DATABASE_URL is neither a postgresql:// URL nor "
			    "libpq's name=value\n");
		rc = EX_CONFIG;
	}
	free(url);
	return rc;
}
