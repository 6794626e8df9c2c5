/*
 * Single settings for scripts, so that all read .env alike; passwords included.
 */
#ifndef SETTING_H
#define SETTING_H

/*
 * Prints the value of the environment, else of ./.env, else the default of a
 * setting, and a newline. Any name will do. Returns an exit status.
 */
int setting_print(const char *name);
/*
 * Prints what DATABASE_URL says as shell commands, a comment and
 * `export PGHOST='…'` for each; nothing at all where it is not set. What libpq
 * has no variable for is named on standard error and left out. Returns an exit
 * status.
 */
int setting_libpq(void);

#endif
