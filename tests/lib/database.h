/*
 * The database that all tests of a program share: set-ups and the tear-down for
 * cmocka's group.
 */
#ifndef DATABASE_H
#define DATABASE_H

#include "t.h"

#include "db.h"

extern const char *url; /* of the database */
extern char *moved;     /* its URI with a clock that t_pass moves, or NULL */
extern struct db *database; /* a connection, by `moved` unless that is NULL */

int database_make(void **state);       /* sets url */
int database_open(void **state);       /* sets url and database */
int database_open_moved(void **state); /* sets all three */
int database_drop(void **state);

/* Runs one simple statement. */
enum status database_beat(struct db *);
/* The pid of the backend whose application name is "test". */
int database_backend(void);

/* Runs sql/migrate on the database; returns the wait status. */
int database_migrate(const char *command);

#endif
