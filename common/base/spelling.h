/*
 * Misspelt names of settings, which would otherwise be left out unsaid.
 */
#ifndef SPELLING_H
#define SPELLING_H

#include <stdbool.h>

/* Where a name was found. */
enum spelling_place {
	SPELLING_ENVIRONMENT, /* with many names of others */
	SPELLING_FILE         /* .env: most of its names are meant for us */
};

/*
 * NULL where the name is known, or nobody's business here; else the known name
 * that is nearest to it.
 */
const char *spelling_suggest(const char *name, enum spelling_place);

/*
 * Logs a warning for each such name in the environment and in ./.env, and for
 * what else in that file does not mean what it seems to.
 */
void spelling_check(void);

#endif
