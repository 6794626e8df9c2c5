#include "origin.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "list.h"
#include "url.h"

enum {
	ERROR_LEN = 256,
	TEXT_LEN = URL_HOST_MAX + 32 /* https://HOST:65535 and brackets */
};

/* The next entry of a list. If it is too long it is cut; parse() refuses it. */
static bool
next(const char **list, char entry[TEXT_LEN])
{
	const char *text;
	size_t len;

	if (!list_next(list, &text, &len))
		return false;
	snprintf(entry, TEXT_LEN, "%.*s", (int)len, text);
	return true;
}

/* NULL, or why text is not an origin: a static phrase. */
static const char *
parse(struct url *url, const char *text)
{
	const char *reason;

	if (strlen(text) >= TEXT_LEN - 1)
		return "it is too long";
	if (strncasecmp(text, "http://", 7) != 0 &&
	    strncasecmp(text, "https://", 8) != 0)
		return "it must begin with http:// or https://";
	if (strchr(text, '@') != NULL)
		return "an origin has no user and password";
	reason = url_parse(url, text);
	if (reason != NULL)
		return reason;
	if (url->rest[0] != '\0')
		return "an origin ends after host and port, without a slash";
	return NULL;
}

/* An IPv6 address has several spellings. */
static bool
same_host(const char *a, const char *b)
{
	struct in6_addr x, y;

	return strcmp(a, b) == 0 ||
	    (inet_pton(AF_INET6, a, &x) == 1 &&
		inet_pton(AF_INET6, b, &y) == 1 &&
		memcmp(&x, &y, sizeof(x)) == 0);
}

/*
 * Is it a name that nobody else can point at this server? With DNS rebinding, a
 * page's owner points a name of his own here, and that name is in Host.
 */
static bool
is_our_name(const char *host, const struct site *site)
{
	static const char local[] = "localhost";
	struct in6_addr address;
	size_t n = strlen(host), local_len = sizeof(local) - 1;

	if (site->name == NULL ||
	    (*site->name != '\0' && strcmp(site->name, "_") != 0 &&
		strcmp(site->name, local) != 0))
		return true;
	if (inet_pton(AF_INET, host, &address) == 1 ||
	    inet_pton(AF_INET6, host, &address) == 1)
		return true;
	return n >= local_len && strcmp(host + n - local_len, local) == 0 &&
	    (n == local_len || host[n - local_len - 1] == '.');
}

/*
 * A Host without a port means the default port of the page's scheme, since a
 * proxy can have ended https. If nginx ends https, a page that came by http is
 * foreign, because anybody on the network path could have changed it.
 */
static bool
is_own(const struct url *page, const struct site *site)
{
	char text[TEXT_LEN];
	struct url own;

	if (site->host == NULL)
		return false;
	if (site->is_https && strcmp(page->scheme, "https") != 0)
		return false;
	if (snprintf(text, sizeof(text), "%s://%s", page->scheme, site->host) >=
	    TEXT_LEN)
		return false;
	return parse(&own, text) == NULL && own.port == page->port &&
	    same_host(own.host, page->host) && is_our_name(own.host, site);
}

static bool
is_listed(const struct url *page, const char *list)
{
	char entry[TEXT_LEN];
	struct url url;

	while (next(&list, entry))
		if (parse(&url, entry) == NULL && url.port == page->port &&
		    strcmp(url.scheme, page->scheme) == 0 &&
		    same_host(url.host, page->host))
			return true;
	return false;
}

static enum origin
judge(const char *text, const struct site *site)
{
	struct url page;

	if (parse(&page, text) != NULL)
		return ORIGIN_FOREIGN;
	if (is_listed(&page, site->listed))
		return ORIGIN_LISTED;
	return is_own(&page, site) ? ORIGIN_OWN : ORIGIN_FOREIGN;
}

enum origin
origin_of(const char *value, const struct site *site)
{
	enum origin worst = ORIGIN_NONE, one;
	char entry[TEXT_LEN];

	if (*value == '\0')
		return ORIGIN_NONE;
	while (next(&value, entry)) {
		one = judge(entry, site);
		if (one > worst)
			worst = one;
	}
	return worst;
}

enum origin
origin_of_fetch(const char *value)
{
	enum origin worst = ORIGIN_NONE;
	char entry[TEXT_LEN];

	if (*value == '\0')
		return ORIGIN_NONE;
	while (next(&value, entry)) {
		if (strcmp(entry, "same-origin") == 0)
			worst = ORIGIN_OWN;
		else if (strcmp(entry, "none") != 0) /* "none": no page */
			return ORIGIN_FOREIGN;
	}
	return worst;
}

enum status
origin_check_list(const char *list, char error[ERROR_LEN])
{
	const char *reason;
	char entry[TEXT_LEN];
	struct url url;

	if (list[strspn(list, " \t")] == '\0')
		return STATUS_OK;
	while (next(&list, entry)) {
		if (strcmp(entry, "*") == 0)
			reason = "every page on the web could use the API as "
				 "its visitors can; list those that may";
		else if (strcmp(entry, "null") == 0)
			reason = "anybody can make a page with this origin";
		else
			reason = parse(&url, entry);
		if (reason == NULL)
			continue;
		snprintf(error, ERROR_LEN,
		    "SMARTCITY_ORIGINS: \"%.60s\" is refused: %s", entry,
		    reason);
		return STATUS_REJECT;
	}
	return STATUS_OK;
}
