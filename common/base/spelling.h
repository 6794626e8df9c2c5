/*
 * Finds misspelt names of settings, which would otherwise be ignored silently.
 */
#ifndef SPELLING_H
#define SPELLING_H

#include <stdbool.h>

/* Where a name was found. */
enum spelling_place {
	SPELLING_ENVIRONMENT, /* most names in it are for other programs */
	SPELLING_FILE         /* .env: most names in it are for this program */
};

/*
 * NULL: the name is known, or like no setting at all. Else the nearest known
 * name.
 */
const char *spelling_suggest(const char *name, enum spelling_place);

/*
 * Logs a warning for each misspelt name in the environment and in ./.env, and
 * for lines of ./.env that are ignored, or that Docker Compose reads otherwise.
 */
void spelling_check(void);

#endif
