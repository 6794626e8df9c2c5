/*
 * The URLs that messages are delivered to: a strict subset of RFC 3986,
 * scheme://host[:port][/path][?query] in printable ASCII, without fragment.
 * nats and tls (NATS over TLS) can have user information, user:password or a
 * token, and their path is a subject without wildcards.
 */
#ifndef URL_H
#define URL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

enum {
	URL_MAX = 2000,
	URL_HOST_MAX = 253
};

#define URL_MASK "***" /* for a password or a token that is not shown */

struct url {
	char scheme[8];              /* lower case */
	char host[URL_HOST_MAX + 1]; /* lower case; IPv6 without brackets */
	int port;                    /* the scheme's default if absent */
	const char *user; /* user information, inside the text; or "" */
	size_t user_len;
	const char *rest; /* path and query, inside the text; or "" */
};

/* User information without its percent-encoding. */
struct url_user {
	char name[URL_MAX + 1]; /* user name, or the token */
	char password[URL_MAX + 1];
	bool has_password; /* else name is a token */
};

/* NULL, or why it is refused: a static phrase. */
const char *url_parse(struct url *, const char *text);
/* Whether the scheme is nats or tls. */
bool url_is_nats(const struct url *);
/* NULL, or why user information of at most URL_MAX characters is refused. */
const char *url_user_parse(struct url_user *, const char *text, size_t len);
/* Whether the password or token of user information is URL_MASK. */
bool url_user_is_masked(const char *text, size_t len);
/*
 * The address of a host that is an address, in any spelling that the resolver
 * accepts (127.1, 0x7f000001, 2130706433), or localhost (RFC 6761). False for
 * any other host: such a name is checked when it is resolved.
 */
bool url_address(const struct url *, struct sockaddr_storage *);
/* The byte that "%41" stands for; -1: s does not start with such an escape. */
int url_escaped_byte(const char *s);
/*
 * The part of a URL that can be logged: only the host, since the rest can hold
 * a secret. "" if the text is no URL.
 */
void url_host(const char *text, char host[URL_HOST_MAX + 1]);

#endif
