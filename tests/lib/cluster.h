/*
 * A PostgreSQL server for one test that needs what the shared cluster lacks:
 * TCP, standbys, settings that need a restart. It trusts every client.
 * Functions fail the running test on an error.
 */
#ifndef CLUSTER_H
#define CLUSTER_H

#include <sys/types.h>

struct cluster {
	char dir[64]; /* holds pg/ (the data), the socket, the log */
	int port;     /* on 127.0.0.1, and in the socket's name */
	pid_t pid;    /* 0: not running */
};

/* Creates the data directory; cluster_start runs the server. */
void cluster_make(struct cluster *);
/* Creates the data directory of a standby of a running server. */
void cluster_copy(struct cluster *, const struct cluster *primary);
/* options: as "-c fsync=on". Waits until the server takes connections. */
void cluster_start(struct cluster *, const char *options);
void cluster_stop(struct cluster *);
/* Stops the server if it runs, and removes its directory. */
void cluster_remove(struct cluster *);

/*
 * Runs a script in the server's directory, which is also in $d. PATH has the
 * server's programs; $as before a command runs it as the server's owner.
 */
void cluster_shell(const struct cluster *, const char *script);

/* Copies the shared cluster's migrated template into database smartcity. */
void cluster_migrate(const struct cluster *);
/* Makes and starts a new server, and migrates its database smartcity. */
void cluster_open(struct cluster *);
/* The URI of database smartcity over TCP; valid until the next call. */
const char *cluster_url(const struct cluster *);

#endif
