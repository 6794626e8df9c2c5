#include "url.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define ALNUM LOWER "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

enum {
	LABEL_MAX = 63,
	PORT_DIGITS = 5,
	PORT_MAX = 65535
};

static const char *check_any(const char *rest);
static const char *check_subject(const char *rest);

static const struct scheme {
	const char *name;
	int port;
	bool is_nats; /* the URL can have user information */
	const char *(*check)(const char *rest);
} schemes[] = {
	{ "http", 80, false, check_any },
	{ "https", 443, false, check_any },
	{ "nats", 4222, true, check_subject },
	{ "tls", 4222, true, check_subject },
};

static const char *
check_any(const char *rest)
{
	(void)rest;
	return NULL;
}

/* /a.b-c.d_e: a subject to publish to, so without wildcards. */
static const char *
check_subject(const char *rest)
{
	static const char reason[] =
	    "a nats URL has a subject as its path: letters, digits, _ and -, "
	    "joined by dots";
	size_t n;

	if (*rest != '/')
		return reason;
	/* On such subjects NATS clients wait for replies. */
	if (strncmp(rest, "/_INBOX", 7) == 0)
		return "a subject that begins with _INBOX is NATS's own";
	do {
		rest++;
		n = strspn(rest, ALNUM "_-");
		if (n == 0)
			return reason;
		rest += n;
	} while (*rest == '.');
	return *rest == '\0' ? NULL : reason;
}

static const char *
check_characters(const char *s)
{
	for (; *s != '\0'; s++) {
		if (*s == '#')
			return "a fragment (#) is never sent";
		if (*s == '%' && strspn(s + 1, "0123456789abcdefABCDEF") < 2)
			return "a % is not followed by two hexadecimal digits";
		/* RFC 3986, section 2; brackets are for the host only. */
		if (strchr(ALNUM "-._~:/?[]@!$&'()*+,;=%", *s) == NULL)
			return "it holds a character that has to be encoded";
	}
	return NULL;
}

static const struct scheme *
find_scheme(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < sizeof(schemes) / sizeof(*schemes); i++)
		if (strlen(schemes[i].name) == len &&
		    strncasecmp(schemes[i].name, text, len) == 0)
			return &schemes[i];
	return NULL;
}

/* Reads ":8080" or "". */
static const char *
parse_port(struct url *url, const char *text, size_t len)
{
	size_t n;

	if (len == 0)
		return NULL;
	n = strspn(text + 1, "0123456789");
	if (*text == ':' && n == len - 1 && n >= 1 && n <= PORT_DIGITS) {
		url->port = (int)strtol(text + 1, NULL, 10);
		if (url->port >= 1 && url->port <= PORT_MAX)
			return NULL;
	}
	return "the port is not a number from 1 to 65535";
}

/* Copies it in lower case to url->host; false if it is too long. */
static bool
copy_host(struct url *url, const char *text, size_t len)
{
	size_t i;

	if (len > URL_HOST_MAX)
		return false;
	for (i = 0; i < len; i++)
		url->host[i] = text[i] >= 'A' && text[i] <= 'Z'
		    ? (char)(text[i] - 'A' + 'a')
		    : text[i];
	url->host[len] = '\0';
	return true;
}

/* Labels joined by dots; one more dot at the end makes a name absolute. */
static bool
is_name(const char *host)
{
	size_t n;

	do {
		n = strspn(host, LOWER "0123456789_-");
		if (n == 0 || n > LABEL_MAX)
			return false;
		host += n;
	} while (*host == '.' && *++host != '\0');
	return *host == '\0';
}

/* The value of a hexadecimal digit; -1: c is no such digit. */
static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int
url_escaped_byte(const char *s)
{
	int high = *s == '%' ? hex_digit(s[1]) : -1;
	int low = high >= 0 ? hex_digit(s[2]) : -1;

	return low >= 0 ? high * 16 + low : -1;
}

/*
 * Removes percent-encoding. False if the encoding is wrong, and for characters
 * that would break the JSON into which libnats writes user and password
 * unescaped.
 */
static bool
decode(char *out, const char *text, size_t len)
{
	size_t i;
	int byte;

	for (i = 0; i < len; i++) {
		*out = text[i];
		if (text[i] == '%') {
			byte = i + 2 < len ? url_escaped_byte(text + i) : -1;
			if (byte < 0)
				return false;
			*out = (char)byte;
			i += 2;
		}
		if ((unsigned char)*out < ' ' || *out == 0x7f || *out == '"' ||
		    *out == '\\')
			return false;
		out++;
	}
	*out = '\0';
	return true;
}

const char *
url_user_parse(struct url_user *user, const char *text, size_t len)
{
	const char *colon = memchr(text, ':', len);
	size_t n = colon != NULL ? (size_t)(colon - text) : len;

	user->has_password = colon != NULL;
	user->password[0] = '\0';
	if (n == 0)
		return "there is no user before the password";
	if (n + 1 == len)
		return "there is no password behind the user";
	if (memchr(text, '@', len) != NULL || memchr(text, '[', len) != NULL ||
	    memchr(text, ']', len) != NULL)
		return "in user and password, @ [ ] are written %40 %5B %5D";
	if (!decode(user->name, text, n) ||
	    (colon != NULL && !decode(user->password, colon + 1, len - n - 1)))
		return "user and password cannot hold quotation marks, "
		       "backslashes and control characters";
	return NULL;
}

bool
url_user_is_masked(const char *text, size_t len)
{
	const char *colon = memchr(text, ':', len);
	size_t n = colon != NULL ? (size_t)(colon - text) + 1 : 0;

	return len - n == sizeof(URL_MASK) - 1 &&
	    memcmp(text + n, URL_MASK, len - n) == 0;
}

/* Sets the user information; *at and *len then are those of host and port. */
static const char *
parse_user(struct url *url, bool is_nats, const char **at, size_t *len)
{
	const char *end = memrchr(*at, '@', *len), *error;
	struct url_user user;

	url->user = "";
	url->user_len = 0;
	if (end == NULL)
		return NULL;
	if (!is_nats)
		return "user and password do not belong in it: give a header, "
		       "\"headers\": {\"Authorization\": \"Basic …\"}";
	url->user = *at;
	url->user_len = (size_t)(end - *at);
	*len -= url->user_len + 1;
	*at = end + 1;
	error = url_user_parse(&user, url->user, url->user_len);
	explicit_bzero(&user, sizeof(user));
	return url->user_len > 0 ? error : "there is nothing before the @";
}

static const char *
parse_authority(struct url *url, const char *text, size_t len)
{
	struct in6_addr v6;
	size_t n;

	if (*text == '[') {
		n = strcspn(text, "]");
		if (n >= len || !copy_host(url, text + 1, n - 1) ||
		    inet_pton(AF_INET6, url->host, &v6) != 1)
			return "the host is not an IPv6 address";
		return parse_port(url, text + n + 1, len - n - 1);
	}
	n = strcspn(text, ":/?");
	if (n > len)
		n = len;
	if (!copy_host(url, text, n) || !is_name(url->host))
		return "the host is neither a name nor an address";
	return parse_port(url, text + n, len - n);
}

const char *
url_parse(struct url *url, const char *text)
{
	const struct scheme *scheme;
	const char *error, *colon = strstr(text, "://");
	size_t len;

	if (strlen(text) > URL_MAX)
		return "it is longer than 2000 characters";
	if (colon == NULL ||
	    (scheme = find_scheme(text, (size_t)(colon - text))) == NULL)
		return "it does not start with http://, https://, nats:// or "
		       "tls://";
	strcpy(url->scheme, scheme->name);
	url->port = scheme->port;
	text = colon + 3;
	len = strcspn(text, "/?#");
	url->rest = text + len;
	if (scheme->is_nats && strchr(url->rest, '@') != NULL)
		return "in user and password, / ? # are written %2F %3F %23";
	if ((error = check_characters(text)) != NULL ||
	    (error = parse_user(url, scheme->is_nats, &text, &len)) != NULL ||
	    (error = parse_authority(url, text, len)) != NULL)
		return error;
	if (strpbrk(url->rest, "[]") != NULL)
		return "it holds a character that has to be encoded";
	return scheme->check(url->rest);
}

bool
url_is_nats(const struct url *url)
{
	return find_scheme(url->scheme, strlen(url->scheme))->is_nats;
}

/* localhost and all names below it. */
static bool
is_localhost(const char *host)
{
	static const char name[] = "localhost";
	size_t n = strlen(host), len = sizeof(name) - 1;

	if (n > 0 && host[n - 1] == '.')
		n--;
	return n >= len && strncmp(host + n - len, name, len) == 0 &&
	    (n == len || host[n - len - 1] == '.');
}

bool
url_address(const struct url *url, struct sockaddr_storage *out)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)out;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)out;

	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET6, url->host, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((in_port_t)url->port);
		return true;
	}
	v4->sin_family = AF_INET;
	v4->sin_port = htons((in_port_t)url->port);
	if (!is_localhost(url->host))
		return inet_aton(url->host, &v4->sin_addr) == 1;
	v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return true;
}

void
url_host(const char *text, char host[URL_HOST_MAX + 1])
{
	struct url url;

	host[0] = '\0';
	if (text != NULL && url_parse(&url, text) == NULL)
		strcpy(host, url.host);
}
