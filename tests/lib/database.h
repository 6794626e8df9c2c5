/*
 * The database that all tests of a program share: set-ups and the tear-down of
 * their group.
 */
#ifndef DATABASE_H
#define DATABASE_H

#include "t.h"

#include "db.h"

extern const char *url; /* of the database */
extern char *moved;     /* the same with a clock that t_pass moves, or NULL */
extern struct db *database; /* a connection to it, by `moved` if there is one */

int database_make(void **state);       /* no connection and no such clock */
int database_open(void **state);       /* a connection */
int database_open_moved(void **state); /* both */
int database_drop(void **state);

/* The simplest of all statements. */
enum status database_beat(struct db *);
/* The server's process for the connections called "test". */
int database_backend(void);

#endif
