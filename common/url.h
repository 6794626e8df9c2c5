/*
 * The URLs that messages are delivered to: a strict subset of RFC 3986,
 * scheme://host[:port][/path][?query] in printable ASCII, without user
 * information and fragment. The path of a nats URL is a subject without
 * wildcards.
 */
#ifndef URL_H
#define URL_H

#include <stdbool.h>
#include <sys/socket.h>

enum {
	URL_MAX = 2000,
	URL_HOST_MAX = 253
};

struct url {
	char scheme[8];              /* lower case */
	char host[URL_HOST_MAX + 1]; /* lower case; IPv6 without brackets */
	int port;                    /* the scheme's default where absent */
	const char *rest; /* path and query, inside the text; or "" */
};

/* NULL, or why it is refused: a static phrase. Knows http, https and nats. */
const char *url_parse(struct url *, const char *text);
/*
 * The address that the host is, in whatever spelling the resolver takes for
 * one (127.1, 0x7f000001, 2130706433), or that the name localhost stands for
 * (RFC 6761); false for any other name, which is judged when it is resolved.
 */
bool url_address(const struct url *, struct sockaddr_storage *);
/*
 * What may be told to whoever reads a log: the host alone, since the rest of a
 * URL may hold a secret. "" where it is no URL.
 */
void url_host(const char *text, char host[URL_HOST_MAX + 1]);

#endif
