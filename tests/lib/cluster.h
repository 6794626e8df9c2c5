/*
 * A PostgreSQL server of a test's own, for what cannot be done to the one that
 * all tests share: TCP, standbys, settings that take a start. It trusts
 * everybody who reaches it. Everything here fails the test at hand.
 */
#ifndef CLUSTER_H
#define CLUSTER_H

#include <sys/types.h>

struct cluster {
	char dir[64]; /* its data in pg/, its socket, its log */
	int port;     /* on 127.0.0.1, and in the socket's name */
	pid_t pid;    /* 0: it does not run */
};

/* Makes one; cluster_start runs it. */
void cluster_make(struct cluster *);
/* A standby of one that runs. */
void cluster_copy(struct cluster *, const struct cluster *primary);
/* options: of postgres, as "-c fsync=on"; waits until it can be asked. */
void cluster_start(struct cluster *, const char *options);
void cluster_stop(struct cluster *);
/* Stops it if need be, and removes all of it. */
void cluster_remove(struct cluster *);

/*
 * Runs a script in its directory: $d. PATH has the server's programs, and $as
 * runs one as the server's owner.
 */
void cluster_shell(const struct cluster *, const char *script);

/* The migrated template of the shared cluster, as database smartcity here. */
void cluster_migrate(const struct cluster *);
/* All of it: one that runs and has that database. */
void cluster_open(struct cluster *);
/* The URI of that database by TCP; valid until the next call. */
const char *cluster_url(const struct cluster *);

#endif
