/*
 * The database that all tests of a program share: set-ups and the tear-down for
 * cmocka's group.
 */
#ifndef DATABASE_H
#define DATABASE_H

#include "t.h"

#include "db.h"

extern const char *url; /* of the database */
extern char *moved;     /* the same with a clock that t_pass moves, or NULL */
extern struct db *database; /* a connection to it, by `moved` if there is one */

int database_make(void **state);       /* url only */
int database_open(void **state);       /* url and a connection */
int database_open_moved(void **state); /* and the clock */
int database_drop(void **state);

/* Runs one simple statement. */
enum status database_beat(struct db *);
/* The pid of the backend whose application name is "test". */
int database_backend(void);

#endif
