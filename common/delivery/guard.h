/*
 * Which addresses messages may be delivered to. The address that is about to be
 * connected to decides, never a name or the text of a URL (SSRF). Link-local,
 * metadata services, multicast, unspecified and reserved ranges (the IANA
 * special-purpose registries) are refused always; private and loopback ranges
 * unless the operator allows them.
 */
#ifndef GUARD_H
#define GUARD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "status.h"

enum {
	GUARD_ALLOWED_MAX = 64
};

struct guard {
	struct guard_range {
		unsigned char address[16]; /* IPv4 as ::ffff:a.b.c.d */
		int bits;
	} allowed[GUARD_ALLOWED_MAX];
	size_t n;
};

/*
 * allow: CIDRs and the words `loopback` and `private`, separated by commas; ""
 * allows public addresses only. STATUS_REJECT: error says which entry is wrong.
 */
enum status guard_init(
    struct guard *, const char *allow, char error[256]) MUST_CHECK;
/*
 * NULL if messages may go to this address, else a static phrase that says why
 * not: "link-local addresses are never allowed". Anything but IPv4 and IPv6 is
 * refused; IPv4 inside IPv6 (::ffff:0:0/96) is checked as IPv4.
 */
const char *guard_refusal(const struct guard *, const struct sockaddr *);

#endif
