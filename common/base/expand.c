#include "expand.h"

#include <string.h>

#define NAME_CHARS                                                             \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789"

enum {
	DEPTH_MAX = 8 /* nested levels of ${A:-${B:-…}} */
};

static const char *expand_to(
    struct expansion *, const char *s, const char *end, int depth);

static size_t
span(const char *s, const char *end)
{
	const char *p = s;

	while (p < end && strchr(NAME_CHARS, *p) != NULL)
		p++;
	return (size_t)(p - s);
}

/* The } that ends the ${ before s, or NULL. */
static const char *
closing(const char *s, const char *end)
{
	int open = 1;

	for (; s < end; s++) {
		if (*s == '{' && s[-1] == '$')
			open++;
		if (*s == '}' && --open == 0)
			return s;
	}
	return NULL;
}

/* Appends what ${NAME op word} stands for; value: that of NAME, or NULL. */
static const char *
substitute(struct expansion *e, const char *value, char op, const char *word,
    const char *end, int depth)
{
	if (op == '?' && value == NULL)
		return "what ${…?} asks for is not set";
	if (op == '+' ? value != NULL : op == '-' && value == NULL)
		return expand_to(e, word, end, depth + 1);
	if (op != '+' && value != NULL)
		buf_puts(e->out, value);
	return NULL;
}

/* *s is just after a "${"; on return it is just after the matching "}". */
static const char *
reference(struct expansion *e, const char **s, const char *end, int depth)
{
	const char *name = *s, *close = closing(*s, end), *p, *value;
	size_t len = span(name, end);
	char op = '\0';

	if (close == NULL)
		return "${ without }";
	p = name + len;
	value = e->look_up(e->arg, name, len);
	if (*p == ':') {
		p++;
		if (value != NULL && *value == '\0')
			value = NULL;
	}
	if (p < close)
		op = *p++;
	if (len == 0 || depth > DEPTH_MAX ||
	    (op == '\0' ? p != name + len : strchr("-+?", op) == NULL))
		return "${…} is not understood";
	*s = close + 1;
	return substitute(e, value, op, p, close, depth);
}

/* What \c stands for in double quotes, or NUL. */
static char
unescape(char c)
{
	static const char from[] = "abfnrtv\\\"$", to[] = "\a\b\f\n\r\t\v\\\"$";
	const char *p = strchr(from, c);

	return p != NULL ? to[p - from] : '\0';
}

/* Appends s up to end, expanded; returns NULL or the error. */
static const char *
expand_to(struct expansion *e, const char *s, const char *end, int depth)
{
	const char *error = NULL;
	char c;

	while (s < end && error == NULL) {
		c = *s++;
		if (c == '$' && s < end && *s == '{') {
			s++;
			error = reference(e, &s, end, depth);
			continue;
		}
		if (c == '$')
			e->has_dollar = true;
		if (e->escapes && c == '\\' && s < end && unescape(*s) != '\0')
			c = unescape(*s++);
		buf_putc(e->out, c);
	}
	return error;
}

const char *
expand(struct expansion *e, const char *s, const char *end)
{
	return expand_to(e, s, end, 0);
}
