#include "hosts.h"

#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* The length of a list; an empty list counts as not given. */
static int
count(const char *list)
{
	int n = 1;

	if (list == NULL || *list == '\0')
		return 0;
	for (; *list != '\0'; list++)
		n += *list == ',';
	return n;
}

/* Copies the n-th element; false if it does not fit. */
static bool
element(const char *list, int n, char *out, size_t size)
{
	size_t len;

	out[0] = '\0';
	if (list == NULL)
		return true;
	for (; n > 0; n--) {
		list += strcspn(list, ",");
		list += *list == ',';
	}
	len = strcspn(list, ",");
	if (len >= size)
		return false;
	memcpy(out, list, len);
	out[len] = '\0';
	return true;
}

static bool
is_name(const struct host *h)
{
	return h->address[0] == '\0' && h->name[0] != '\0' &&
	    h->name[0] != '/' && h->name[0] != '@';
}

/*
 * Writes the host's addresses from out[n] on. If it has none, writes the host
 * itself, so that libpq reports the failure.
 */
static int
resolve(const struct host *h, int n, struct host out[HOSTS_MAX])
{
	const struct addrinfo hints = { .ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM };
	struct addrinfo *all = NULL, *a;

	if (!is_name(h) || getaddrinfo(h->name, NULL, &hints, &all) != 0)
		all = NULL;
	for (a = all; a != NULL && n < HOSTS_MAX; a = a->ai_next) {
		out[n] = *h;
		if (getnameinfo(a->ai_addr, a->ai_addrlen, out[n].address,
			HOST_ADDRESS_LEN, NULL, 0, NI_NUMERICHOST) == 0)
			n++;
	}
	if (all != NULL)
		freeaddrinfo(all);
	else if (n < HOSTS_MAX)
		out[n++] = *h;
	return n;
}

int
hosts_find(const char *host, const char *hostaddr, const char *port,
    struct host out[HOSTS_MAX])
{
	int hosts = count(host), addresses = count(hostaddr),
	    ports = count(port), i, n = 0, all;
	struct host h;

	all = addresses > 0 ? addresses : hosts > 0 ? hosts : 1;
	if ((hosts > 0 && hosts != all) || (ports > 1 && ports != all))
		return 0;
	for (i = 0; i < all; i++) {
		if (!element(host, i, h.name, sizeof(h.name)) ||
		    !element(hostaddr, i, h.address, sizeof(h.address)) ||
		    !element(port, ports > 1 ? i : 0, h.port, sizeof(h.port)))
			return 0;
		if (hosts > 1 && h.name[0] == '\0')
			return 0;
		/* libpq's default; "" would mean that no port was given. */
		if (ports > 0 && h.port[0] == '\0')
			strcpy(h.port, "5432");
		n = resolve(&h, n, out);
	}
	return n;
}
