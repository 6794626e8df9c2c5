#include "spelling.h"

#include <ctype.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "dotenv.h"
#include "log.h"

enum {
	NAME_MAX_LEN = 64,
	NEAR = 2,
	SHORT = 6, /* two letters turn HOST into PORT */
	ERROR_LEN = 256
};

/* Names that only make, nginx/run, sql/migrate and Compose use. */
static const char *const others[] = { "BIND", "BUILD", "COMPOSE_FILE",
	"COMPOSE_PROFILES", "COMPOSE_PROJECT_NAME", "DATA_DIR", "NCHAN", "PORT",
	"POSTGRES_DB", "POSTGRES_PASSWORD", "POSTGRES_USER", NULL };

/* Set by a program that starts itself anew: see children.h. */
static const char *const internal[] = { "SMARTCITY_CHILDREN",
	"SMARTCITY_LISTENER", "SMARTCITY_SCOREBOARD",
	"SMARTCITY_STATUS_LISTENER", NULL };

static const char *const prefixes[] = { "SMARTCITY_", "OUTBOX_", "THRESHOLD_",
	NULL };

static const char *
others_name(int i)
{
	return others[i];
}

static bool
is_one_of(const char *const names[], const char *name)
{
	for (; *names != NULL; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

static bool
has_prefix(const char *name)
{
	const char *const *p;

	for (p = prefixes; *p != NULL; p++)
		if (strncmp(name, *p, strlen(*p)) == 0)
			return true;
	return false;
}

static int
least(int a, int b)
{
	return a < b ? a : b;
}

/*
 * The number of letters that must be inserted, deleted or replaced to turn one
 * into the other (Levenshtein), ignoring case. Row by row of the usual table.
 */
static int
distance(const char *a, const char *b)
{
	int row[NAME_MAX_LEN + 1], n = (int)strlen(b), i, j, diagonal, above;

	for (j = 0; j <= n; j++)
		row[j] = j;
	for (i = 1; *a != '\0'; a++, i++) {
		diagonal = row[0];
		row[0] = i;
		for (j = 1; j <= n; j++) {
			above = row[j];
			row[j] = least(least(above, row[j - 1]) + 1,
			    diagonal +
				(toupper((unsigned char)*a) != b[j - 1]));
			diagonal = above;
		}
	}
	return row[n];
}

/* The nearest name of name_at() if nearer than *best, which is set; or NULL. */
static const char *
nearest(const char *name, const char *(*name_at)(int), int *best)
{
	const char *found = NULL;
	int i, d;

	for (i = 0; name_at(i) != NULL; i++) {
		d = distance(name, name_at(i));
		if (d < *best) {
			*best = d;
			found = name_at(i);
		}
	}
	return found;
}

static bool
is_setting(const char *name)
{
	int i;

	for (i = 0; config_name(i) != NULL; i++)
		if (strcmp(config_name(i), name) == 0)
			return true;
	return false;
}

const char *
spelling_suggest(const char *name, enum spelling_place place)
{
	const char *found, *other = NULL;
	int best = NAME_MAX_LEN;

	if (strlen(name) > NAME_MAX_LEN || is_setting(name) ||
	    is_one_of(others, name) || is_one_of(internal, name))
		return NULL;
	found = nearest(name, config_name, &best);
	if (place == SPELLING_FILE)
		other = nearest(name, others_name, &best);
	if (!has_prefix(name) && best > (strlen(name) > SHORT ? NEAR : 1))
		return NULL;
	return other != NULL ? other : found;
}

static void
check_line(const struct dotenv_line *line)
{
	const char *near;

	if (line->name[0] == '\0') {
		log_warn("settings: .env, line %d: ignored, because it is not "
			 "NAME=value",
		    line->number);
		return;
	}
	if ((near = spelling_suggest(line->name, SPELLING_FILE)) != NULL)
		log_warn("settings: %s is no setting; did you mean %s? "
			 "(.env, line %d)",
		    line->name, near, line->number);
	if (line->has_dollar)
		log_warn("settings: .env, line %d: %s has a $ that Docker "
			 "Compose can replace; put it in single quotes",
		    line->number, line->name);
}

static void
check_environment(void)
{
	char name[NAME_MAX_LEN + 1];
	const char *near;
	char **p;
	size_t n;

	for (p = environ; *p != NULL; p++) {
		n = strcspn(*p, "=");
		if (n >= sizeof(name))
			continue;
		memcpy(name, *p, n);
		name[n] = '\0';
		near = spelling_suggest(name, SPELLING_ENVIRONMENT);
		if (near != NULL)
			log_warn("settings: %s is no setting; did you mean %s?",
			    name, near);
	}
}

void
spelling_check(void)
{
	char error[ERROR_LEN];
	struct dotenv file;
	size_t i;

	check_environment();
	/* The caller has read the file before, and reported its errors. */
	if (dotenv_open(&file, error) == STATUS_OK)
		for (i = 0; i < file.count; i++)
			check_line(&file.lines[i]);
	dotenv_free(&file);
}
