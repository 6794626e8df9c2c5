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
	char *name; /* "": the line is not NAME=value; it has no effect */
	char *value;
	int number;
	bool has_dollar; /* a $ outside single quotes and ${…} */
};

struct dotenv {
	struct dotenv_line *lines;
	size_t count;
};

/* An environment: returns the value of name, or NULL if it is not set. */
typedef const char *dotenv_source(const char *name);

/*
 * On STATUS_REJECT, error says why, with the number of the line but without its
 * text. The caller calls dotenv_free() whatever the result is.
 */
enum status dotenv_parse(struct dotenv *, const char *text, size_t len,
    dotenv_source *, char error[256]) MUST_CHECK;
/*
 * Parses ./.env, with the environment of the process. If there is no such file
 * there are no lines; if it cannot be read, the result is STATUS_REJECT.
 */
enum status dotenv_open(struct dotenv *, char error[256]) MUST_CHECK;
void dotenv_free(struct dotenv *);

/* The value of name; NULL if not set or empty, which counts as not set. */
const char *dotenv_get(const struct dotenv *, const char *name);

#endif
