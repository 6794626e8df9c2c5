/*
 * Whether a web page asks, and whose. A browser lets any page on the web send
 * requests to any server, and says which page it was: in Origin, which is on
 * all that changes something and on a WebSocket (RFC 6454, Fetch), and in
 * Sec-Fetch-Site (Fetch Metadata). No page can change either; whoever is no
 * browser sends neither.
 */
#ifndef ORIGIN_H
#define ORIGIN_H

#include <stdbool.h>

#include "status.h"

/* In this order: the last of several counts. */
enum origin {
	ORIGIN_NONE, /* the sender is no browser, or does not say */
	ORIGIN_OWN,  /* a page of this site */
	ORIGIN_LISTED,
	ORIGIN_FOREIGN,
};

/* The server as the client named it, and who else is welcome. */
struct site {
	const char *host;   /* the Host header: "a.example:8000"; or NULL */
	const char *name;   /* nginx's server_name; NULL: the server has none */
	bool is_https;      /* false: http, or https that ended at a proxy */
	const char *listed; /* SMARTCITY_ORIGINS */
};

/*
 * The value of one Origin line: an origin or, of lines that nginx has joined,
 * several, which must all be welcome. "null" and what is none are foreign.
 */
enum origin origin_of(const char *value, const struct site *);
/* The same for Sec-Fetch-Site, which cannot tell who is listed. */
enum origin origin_of_fetch(const char *value);

/*
 * list: origins separated by commas, "https://a.example,http://b.example:8080".
 * STATUS_REJECT: error says which is none, and why.
 */
enum status origin_check_list(const char *list, char error[256]) MUST_CHECK;

#endif
