/*
 * The file .env, as Docker Compose reads it:
 *
 *	# comment
 *	[export] NAME = value # comment
 *	NAME='literal, but for \''     NAME="with \n, \" and ${OTHER}"
 *
 * ${NAME}, ${NAME:-text}, ${NAME-text}, ${NAME:+text} and ${NAME:?} are
 * expanded outside single quotes, from the environment, else from the lines
 * above. Quoted values may have several lines. The last line of a name wins.
 */
#ifndef DOTENV_H
#define DOTENV_H

#include <stdbool.h>
#include <stddef.h>

#include "status.h"

struct dotenv_line {
	char *name; /* "": the line is not NAME=value, and without effect */
	char *value;
	int number;
	bool has_dollar; /* one that begins no ${…} and is not in single quotes
			  */
};

struct dotenv {
	struct dotenv_line *lines;
	size_t count;
};

/* An environment: NULL where it does not know the name. */
typedef const char *dotenv_source(const char *name);

/*
 * On STATUS_REJECT error says why, with the number of the line and without what
 * stands in it. Whatever it returns, dotenv_free is due.
 */
enum status dotenv_parse(struct dotenv *, const char *text, size_t len,
    dotenv_source *, char error[256]) MUST_CHECK;
/*
 * The same for ./.env and the environment of the process. Without the file
 * there are no lines; one that cannot be read is refused.
 */
enum status dotenv_open(struct dotenv *, char error[256]) MUST_CHECK;
void dotenv_free(struct dotenv *);

/* NULL where it is not set, or empty, which is the same. */
const char *dotenv_get(const struct dotenv *, const char *name);

#endif
