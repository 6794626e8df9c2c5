/*
 * The servers that a database URL names, each address by itself. libpq tries
 * them one after the other too, but under one deadline: a first server that
 * does not answer would use up the time of the others.
 */
#ifndef HOSTS_H
#define HOSTS_H

enum {
	HOSTS_MAX = 16,
	HOST_NAME_LEN = 256,
	HOST_ADDRESS_LEN = 64, /* IPv6 with a scope */
	HOST_PORT_LEN = 8
};

struct host {
	char name[HOST_NAME_LEN];       /* or socket directory; "": libpq's */
	char address[HOST_ADDRESS_LEN]; /* "": the name was not resolved */
	char port[HOST_PORT_LEN];       /* "": no port was given */
};

/*
 * Reads libpq's lists with commas (NULL: not given); names are resolved, which
 * blocks, as it does in libpq. An empty port in a list is 5432. Returns the
 * number of servers; 0: they are left to libpq, since the lists do not match or
 * have an empty name among several.
 */
int hosts_find(const char *host, const char *hostaddr, const char *port,
    struct host out[HOSTS_MAX]);

#endif
