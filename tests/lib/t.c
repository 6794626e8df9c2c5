#include "t.h"

#include <libpq-fe.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TEMPLATE "smartcity_template"

void
t_main(void)
{
	static char filter[256];
	const char *pattern = getenv("TEST_PATTERN");

	if (pattern == NULL || pattern[0] == '\0')
		return;
	snprintf(filter, sizeof(filter),
	    strpbrk(pattern, "*?") != NULL ? "%s" : "*%s*", pattern);
	cmocka_set_test_filter(filter);
}

const char *
J(const char *text)
{
	static char *texts[32];
	static unsigned n;
	char **copy = &texts[n++ % 32], *p;

	free(*copy);
	if ((*copy = strdup(text)) == NULL)
		fail_msg("out of memory");
	for (p = *copy; (p = strchr(p, '\'')) != NULL;)
		*p = '"';
	return *copy;
}

static const char *
cluster(void)
{
	const char *url = getenv("TEST_DATABASE_URL");

	if (url == NULL || url[0] == '\0')
		fail_msg("TEST_DATABASE_URL is not set; use make test");
	return url;
}

/* The path of a URI: from its slash to the query or the end. */
static const char *
path_of(const char *url, size_t *len)
{
	const char *scheme = strstr(url, "://"), *path;

	path = scheme != NULL ? strchr(scheme + 3, '/') : NULL;
	if (path == NULL)
		fail_msg("%s is not a URI with a database", url);
	*len = strcspn(path, "?");
	return path;
}

static char *print(const char *fmt, va_list ap) T_PRINTF(1, 0);
static char *sql(const char *url, const char *fmt, va_list ap) T_PRINTF(2, 0);

static char *
print(const char *fmt, va_list ap)
{
	char *text;

	if (vasprintf(&text, fmt, ap) < 0)
		fail_msg("out of memory");
	return text;
}

static void
ignore_notice(void *arg, const PGresult *r)
{
	(void)arg;
	(void)r;
}

static char *
first_value(const char *url, const char *sql)
{
	PGconn *conn = PQconnectdb(url);
	char error[512] = "", *value = NULL;
	ExecStatusType status;
	PGresult *r;

	PQsetNoticeReceiver(conn, ignore_notice, NULL);
	r = PQexec(conn, sql);
	status = PQresultStatus(r);
	if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
		snprintf(error, sizeof(error), "%s", PQerrorMessage(conn));
	else if (PQntuples(r) > 0 && PQnfields(r) > 0)
		value = strdup(PQgetvalue(r, 0, 0));
	else
		value = strdup("");
	PQclear(r);
	PQfinish(conn);
	if (value == NULL)
		fail_msg("%s: %s", sql, error);
	return value;
}

static char *
sql(const char *url, const char *fmt, va_list ap)
{
	char *text = print(fmt, ap), *value = first_value(url, text);

	free(text);
	return value;
}

char *
t_sql(const char *url, const char *fmt, ...)
{
	char *value;
	va_list ap;

	va_start(ap, fmt);
	value = sql(url, fmt, ap);
	va_end(ap);
	return value;
}

long long
t_number(const char *url, const char *fmt, ...)
{
	long long number;
	char *value;
	va_list ap;

	va_start(ap, fmt);
	value = sql(url, fmt, ap);
	va_end(ap);
	number = strtoll(value, NULL, 10);
	free(value);
	return number;
}

void
t_exec(const char *url, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	free(sql(url, fmt, ap));
	va_end(ap);
}

const char *
t_database(void)
{
	static int count;
	const char *path, *base = cluster();
	char name[64], *url;
	size_t len;

	snprintf(name, sizeof(name), "t_%d_%d_%lld", (int)getpid(), ++count,
	    (long long)time(NULL));
	t_exec(base, "CREATE DATABASE %s TEMPLATE " TEMPLATE, name);
	path = path_of(base, &len);
	if (asprintf(&url, "%.*s/%s%s", (int)(path - base), base, name,
		path + len) < 0)
		fail_msg("out of memory");
	return url;
}

void
t_drop(const char *url)
{
	const char *path;
	size_t len;

	if (url == NULL)
		return;
	path = path_of(url, &len);
	t_exec(cluster(), "DROP DATABASE IF EXISTS %.*s WITH (FORCE)",
	    (int)len - 1, path + 1);
	free((char *)url);
}

char *
t_moved_clock(const char *url)
{
	char *moved;

	t_exec(url,
	    "CREATE SCHEMA IF NOT EXISTS fake;"
	    "CREATE TABLE IF NOT EXISTS fake.clock AS"
	    "  SELECT interval '0' AS ahead;"
	    "CREATE OR REPLACE FUNCTION fake.now() RETURNS timestamptz"
	    "  LANGUAGE sql STABLE AS"
	    "  'SELECT pg_catalog.now() + ahead FROM fake.clock'");
	if (asprintf(&moved,
		"%s%coptions=-csearch_path%%3Dfake,public,pg_catalog", url,
		strchr(url, '?') != NULL ? '&' : '?') < 0)
		fail_msg("out of memory");
	return moved;
}

void
t_pass(const char *url, const char *interval)
{
	t_exec(url, "UPDATE fake.clock SET ahead = ahead + interval '%s'",
	    interval);
}

void
t_expect(const char *url, const char *expected, const char *query)
{
	char *value = t_sql(url, "%s", query);

	assert_string_equal(value, expected);
	free(value);
}
