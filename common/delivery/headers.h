/* Limits of a subscription's static headers; see
 * fcgi/resources/static_headers.h. */
#ifndef HEADERS_H
#define HEADERS_H

enum {
	HEADERS_MAX = 16,
	HEADERS_LEN_MAX = 16384, /* names and values; receivers refuse more */
};

#endif
