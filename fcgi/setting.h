/*
 * Single settings, passwords included, for scripts: so they read .env by the
 * same rules as the programs.
 */
#ifndef SETTING_H
#define SETTING_H

/*
 * Prints a setting's value, from the environment, else from ./.env, else its
 * default, and a newline. Other names can be given too. Returns an exit status.
 */
int setting_print(const char *name);
/*
 * Prints DATABASE_URL as shell commands: a comment, and `export PGHOST='…'` and
 * the like for its options; nothing at all if it is not set. Options for which
 * libpq has no variable are left out, and named on standard error. Returns an
 * exit status.
 */
int setting_libpq(void);

#endif
