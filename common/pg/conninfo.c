/* Database URLs, taken apart by libpq's own parser. */
#include <string.h>

#include "libpq.h"

/*
 * If libpq cannot parse a URL, its message quotes the whole URL, with the
 * password. To libpq, a text that is neither a URI nor name=value is a
 * database's name.
 */
bool
conninfo_is_understood(const char *url)
{
	PQconninfoOption *all;

	if (strstr(url, "://") == NULL && strchr(url, '=') == NULL)
		return true;
	all = PQconninfoParse(url, NULL);
	PQconninfoFree(all);
	return all != NULL;
}

/*
 * If an @ in a password is not written as %40, libpq takes what follows it for
 * the host.
 */
bool
conninfo_may_be_quoted(const char *url)
{
	PQconninfoOption *all = PQconninfoParse(url, NULL), *o;
	bool may = true;

	for (o = all; o != NULL && o->keyword != NULL; o++)
		may = may &&
		    (o->val == NULL || strcmp(o->keyword, "host") != 0 ||
			strchr(o->val, '@') == NULL);
	PQconninfoFree(all);
	return may;
}

static const char *
value_of(const PQconninfoOption *all, const char *keyword)
{
	for (; all != NULL && all->keyword != NULL; all++)
		if (strcmp(all->keyword, keyword) == 0)
			return all->val;
	return NULL;
}

/* As libpq does: the servers of the URL, else those of the environment. */
int
conninfo_hosts(const char *url, struct host hosts[HOSTS_MAX])
{
	PQconninfoOption *own = PQconninfoParse(url, NULL),
			 *usual = PQconndefaults();
	const char *host = value_of(own, "host"),
		   *address = value_of(own, "hostaddr"),
		   *port = value_of(own, "port"),
		   *service = value_of(own, "service");
	int n = 0;

	if (service == NULL) {
		if (host == NULL && address == NULL)
			host = value_of(usual, "host");
		if (address == NULL)
			address = value_of(usual, "hostaddr");
		if (port == NULL)
			port = value_of(usual, "port");
	}
	/* The servers of a service (PGSERVICE) are left to libpq to find. */
	if (service == NULL || host != NULL || address != NULL)
		n = hosts_find(host, address, port, hosts);
	PQconninfoFree(own);
	PQconninfoFree(usual);
	if (n == 0) {
		memset(&hosts[0], 0, sizeof(hosts[0]));
		n = 1;
	}
	return n;
}

enum status
pg_options(const char *url, pg_option *each, void *arg)
{
	PQconninfoOption *all, *o;

	if (!conninfo_is_understood(url))
		return STATUS_REJECT;
	if (strstr(url, "://") == NULL && strchr(url, '=') == NULL) {
		each(arg, "dbname", "PGDATABASE", url);
		return STATUS_OK;
	}
	all = PQconninfoParse(url, NULL);
	for (o = all; o != NULL && o->keyword != NULL; o++)
		if (o->val != NULL)
			each(arg, o->keyword, o->envvar, o->val);
	PQconninfoFree(all);
	return STATUS_OK;
}
