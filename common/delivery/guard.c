#include "guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "list.h"

#define SETTING "SMARTCITY_DELIVERY_ALLOW"
#define NEVER(what) false, what " addresses are never allowed"
#define LOCAL(what) true, what " addresses are allowed only with " SETTING

enum {
	ERROR_LEN = 256,
	TOKEN_LEN = 64,
	V4_BITS = 96 /* bits before the IPv4 address in ::ffff:a.b.c.d */
};

/*
 * The first row that holds an address decides. Sources: the IANA IPv4 and IPv6
 * special-purpose address registries, the IPv6 address space, and the vendors'
 * documents for their metadata services. The reachable parts of 2001::/23 have
 * no receivers; addresses in 2002::/16 and 64:ff9b::/96 contain an IPv4
 * address.
 */
/* clang-format off */
static const struct {
	const char *cidr;
	bool may_be_allowed;
	const char *refusal;
} ranges[] = {
	{ "0.0.0.0/8", NEVER("unspecified") },
	{ "169.254.0.0/16", NEVER("link-local") },
	{ "100.100.100.200", NEVER("metadata service") }, /* Alibaba */
	{ "168.63.129.16", NEVER("metadata service") }, /* Azure */
	{ "192.0.0.0/24", NEVER("reserved") },
	{ "192.0.2.0/24", NEVER("documentation") },
	{ "192.88.99.0/24", NEVER("6to4 relay") },
	{ "198.18.0.0/15", NEVER("benchmark") },
	{ "198.51.100.0/24", NEVER("documentation") },
	{ "203.0.113.0/24", NEVER("documentation") },
	{ "224.0.0.0/4", NEVER("multicast") },
	{ "255.255.255.255", NEVER("broadcast") },
	{ "240.0.0.0/4", NEVER("reserved") },
	{ "127.0.0.0/8", LOCAL("loopback") },
	{ "10.0.0.0/8", LOCAL("private") },
	{ "172.16.0.0/12", LOCAL("private") },
	{ "192.168.0.0/16", LOCAL("private") },
	{ "100.64.0.0/10", LOCAL("private") }, /* carrier-grade NAT */

	{ "::", NEVER("unspecified") },
	{ "::1", LOCAL("loopback") },
	{ "64:ff9b::/96", NEVER("NAT64") },
	{ "64:ff9b:1::/48", NEVER("NAT64") },
	{ "100::/64", NEVER("discard-only") },
	{ "2001::/23", NEVER("reserved") }, /* Teredo, ORCHID, … */
	{ "2001:db8::/32", NEVER("documentation") },
	{ "2002::/16", NEVER("6to4") },
	{ "3fff::/20", NEVER("documentation") },
	{ "5f00::/16", NEVER("segment routing") },
	{ "fd00:ec2::/32", NEVER("metadata service") }, /* Amazon */
	{ "fd20:ce::/32", NEVER("metadata service") }, /* Google */
	{ "fd00:42::42", NEVER("metadata service") }, /* Scaleway */
	{ "fd00:c1::a9fe:a9fe", NEVER("metadata service") }, /* Oracle */
	{ "fc00::/7", LOCAL("private") },
	{ "fe80::/10", NEVER("link-local") },
	{ "fec0::/10", NEVER("site-local") },
	{ "ff00::/8", NEVER("multicast") },
	/* Everything outside 2000::/3, which is global unicast. */
	{ "::/3", NEVER("reserved") },
	{ "4000::/2", NEVER("reserved") },
	{ "8000::/1", NEVER("reserved") },
};

static const struct {
	const char *word, *cidrs[6];
} words[] = {
	{ "loopback", { "127.0.0.0/8", "::1" } },
	{ "private", { "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
	    "100.64.0.0/10", "fc00::/7" } },
};
/* clang-format on */

enum {
	RANGES = sizeof(ranges) / sizeof(*ranges),
	WORDS = sizeof(words) / sizeof(*words)
};

static void
map_v4(const struct in_addr *v4, unsigned char out[16])
{
	memset(out, 0, 10);
	memset(out + 10, 0xff, 2);
	memcpy(out + 12, v4, 4);
}

static bool
is_v4(const unsigned char address[16])
{
	static const unsigned char prefix[12] = { [10] = 0xff, 0xff };

	return memcmp(address, prefix, sizeof(prefix)) == 0;
}

static bool
has_bit(const unsigned char address[16], int bit)
{
	return (address[bit / 8] >> (7 - bit % 8)) & 1;
}

/* The bits of a prefix such as "/8"; max without a prefix; -1: invalid. */
static int
parse_bits(const char *slash, int max)
{
	size_t n;
	int bits;

	if (slash == NULL)
		return max;
	n = strspn(slash + 1, "0123456789");
	if (n < 1 || n > 3 || slash[1 + n] != '\0')
		return -1;
	bits = (int)strtol(slash + 1, NULL, 10);
	return bits <= max ? bits : -1;
}

/* Also false if bits are set after the prefix, which is a typing error. */
static bool
parse_range(const char *cidr, struct guard_range *out)
{
	const char *slash = strchr(cidr, '/');
	size_t n = slash != NULL ? (size_t)(slash - cidr) : strlen(cidr);
	char text[INET6_ADDRSTRLEN];
	struct in_addr v4;
	int bit;

	if (n >= sizeof(text))
		return false;
	memcpy(text, cidr, n);
	text[n] = '\0';
	if (inet_pton(AF_INET, text, &v4) == 1) {
		map_v4(&v4, out->address);
		out->bits = parse_bits(slash, 32);
		if (out->bits >= 0)
			out->bits += V4_BITS;
	} else if (inet_pton(AF_INET6, text, out->address) == 1) {
		out->bits = parse_bits(slash, 128);
	} else {
		return false;
	}
	if (out->bits < 0)
		return false;
	for (bit = out->bits; bit < 128; bit++)
		if (has_bit(out->address, bit))
			return false;
	return true;
}

/* An IPv4 address is never inside a range of IPv6, not even inside ::/0. */
static bool
holds(const struct guard_range *range, const unsigned char address[16])
{
	int bit;

	if (is_v4(address) && range->bits < V4_BITS)
		return false;
	for (bit = 0; bit < range->bits; bit++)
		if (has_bit(range->address, bit) != has_bit(address, bit))
			return false;
	return true;
}

static bool
allow(struct guard *guard, const char *cidr)
{
	return guard->n < GUARD_ALLOWED_MAX &&
	    parse_range(cidr, &guard->allowed[guard->n]) && ++guard->n > 0;
}

static bool
allow_token(struct guard *guard, const char *token)
{
	int i, k;

	for (i = 0; i < WORDS; i++) {
		if (strcmp(words[i].word, token) != 0)
			continue;
		for (k = 0; words[i].cidrs[k] != NULL; k++)
			if (!allow(guard, words[i].cidrs[k]))
				return false;
		return true;
	}
	return allow(guard, token);
}

enum status
guard_init(struct guard *guard, const char *text, char error[ERROR_LEN])
{
	char token[TOKEN_LEN] = "";
	const char *entry;
	bool is_fit = true;
	size_t len;

	guard->n = 0;
	if (text[strspn(text, " \t")] == '\0')
		return STATUS_OK;
	while (is_fit && list_next(&text, &entry, &len)) {
		snprintf(token, sizeof(token), "%.*s", (int)len, entry);
		is_fit = len < sizeof(token) && allow_token(guard, token);
	}
	if (is_fit)
		return STATUS_OK;
	if (guard->n == GUARD_ALLOWED_MAX)
		snprintf(error, ERROR_LEN, SETTING ": more than %d ranges",
		    GUARD_ALLOWED_MAX);
	else
		snprintf(error, ERROR_LEN,
		    SETTING ": \"%s\" is neither a range such as 10.1.0.0/16 "
			    "nor loopback or private",
		    token);
	return STATUS_REJECT;
}

static bool
is_allowed(const struct guard *guard, const unsigned char address[16])
{
	size_t i;

	for (i = 0; i < guard->n; i++)
		if (holds(&guard->allowed[i], address))
			return true;
	return false;
}

const char *
guard_refusal(const struct guard *guard, const struct sockaddr *sa)
{
	unsigned char address[16];
	struct guard_range range;
	int i;

	if (sa->sa_family == AF_INET)
		map_v4(
		    &((const struct sockaddr_in *)(const void *)sa)->sin_addr,
		    address);
	else if (sa->sa_family == AF_INET6)
		memcpy(address,
		    &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr,
		    sizeof(address));
	else
		return "addresses that are not of IPv4 or IPv6 are never "
		       "allowed";
	for (i = 0; i < RANGES; i++) {
		/* A row that cannot be parsed refuses all addresses. */
		if (parse_range(ranges[i].cidr, &range) &&
		    !holds(&range, address))
			continue;
		if (ranges[i].may_be_allowed && is_allowed(guard, address))
			return NULL;
		return ranges[i].refusal;
	}
	return NULL;
}
