#include "params.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "url.h"
#include "utf8.h"

/* Decodes in place. NULL, or what is wrong. */
static const char *
decode(char *s)
{
	char *out = s, *start = s;
	int byte;

	for (; *s != '\0'; s++, out++) {
		*out = *s == '+' ? ' ' : *s;
		if (*s != '%')
			continue;
		byte = url_escaped_byte(s);
		if (byte < 0)
			return "a % is not followed by two hexadecimal digits";
		if (byte == 0)
			return "it holds a NUL";
		*out = (char)byte;
		s += 2;
	}
	*out = '\0';
	if (!utf8_is_valid(start, (size_t)(out - start)))
		return "it is not valid UTF-8";
	return NULL;
}

const char *
params_parse(struct params *p, const char *query)
{
	const char *error;
	char *s, *next, *value;

	p->n = 0;
	if (strlen(query) >= sizeof(p->text))
		return "it is too long";
	strcpy(p->text, query);
	for (s = p->text; s != NULL && *s != '\0'; s = next) {
		if ((next = strchr(s, '&')) != NULL)
			*next++ = '\0';
		if (*s == '\0')
			continue;
		if ((value = strchr(s, '=')) != NULL)
			*value++ = '\0';
		else
			value = s + strlen(s);
		if ((error = decode(s)) != NULL ||
		    (error = decode(value)) != NULL)
			return error;
		if (p->n == PARAMS_MAX)
			return "it has too many parameters";
		p->at[p->n].name = s;
		p->at[p->n++].value = value;
	}
	return NULL;
}

const char *
params_get(const struct params *p, const char *name)
{
	int i;

	for (i = p->n - 1; i >= 0; i--)
		if (strcmp(p->at[i].name, name) == 0)
			return p->at[i].value;
	return NULL;
}

void
params_int(const struct params *p, const char *name, long long min,
    long long *out, struct faults *faults)
{
	const char *value = params_get(p, name);
	char msg[80];
	size_t signs;

	if (value == NULL)
		return;
	signs = *value == '-' || *value == '+';
	if (value[signs] == '\0' ||
	    value[signs + strspn(value + signs, "0123456789")] != '\0') {
		faults_add_text(faults, "int_parsing", "query", name,
		    "Input should be a valid integer, unable to parse string "
		    "as an integer",
		    value);
		return;
	}
	errno = 0;
	*out = strtoll(value, NULL, 10);
	if (errno == ERANGE && *value != '-') {
		faults_add_text(faults, "int_parsing_size", "query", name,
		    "Unable to parse input string as an integer, exceeded "
		    "maximum size",
		    value);
	} else if (*out < min) {
		snprintf(msg, sizeof(msg),
		    "Input should be greater than or equal to %lld", min);
		faults_add_text(
		    faults, "greater_than_equal", "query", name, msg, value);
	}
}
