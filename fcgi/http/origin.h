/*
 * Whether a web page sent a request, and from which site. A browser lets any
 * page on the web send requests to any server, and tells the page's site: in
 * Origin, with each request that can change something and each WebSocket (RFC
 * 6454, Fetch), and in Sec-Fetch-Site (Fetch Metadata). No page can change
 * either header; programs other than browsers send neither.
 */
#ifndef ORIGIN_H
#define ORIGIN_H

#include <stdbool.h>

#include "status.h"

/* In rising order: of several origins, the greatest value counts. */
enum origin {
	ORIGIN_NONE, /* the sender is no browser, or sends no origin */
	ORIGIN_OWN,  /* a page of this site */
	ORIGIN_LISTED,
	ORIGIN_FOREIGN,
};

/* The server as the client named it, and the other origins that are allowed. */
struct site {
	const char *host;   /* the Host header: "a.example:8000"; or NULL */
	const char *name;   /* nginx's server_name; NULL: the server has none */
	bool is_https;      /* false: http, or https ended at a proxy */
	const char *listed; /* SMARTCITY_ORIGINS */
};

/*
 * value: that of one Origin line; an origin or, if nginx has joined lines,
 * several origins, of which the least trusted counts. "null" and any text that
 * is no origin are foreign.
 */
enum origin origin_of(const char *value, const struct site *);
/* Judges a Sec-Fetch-Site; it names no origin, so never ORIGIN_LISTED. */
enum origin origin_of_fetch(const char *value);

/*
 * list: origins separated by commas, "https://a.example,http://b.example:8080".
 * STATUS_REJECT: error says which entry is refused, and why.
 */
enum status origin_check_list(const char *list, char error[256]) MUST_CHECK;

#endif
