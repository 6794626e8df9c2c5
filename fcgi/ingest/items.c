#include "items.h"

#include <string.h>

static void
skip_blank(struct items *s)
{
	while (s->p < s->end &&
	    (*s->p == ' ' || *s->p == '\t' || *s->p == '\r' || *s->p == '\n'))
		s->p++;
}

void
items_init(struct items *s, const char *body, size_t len, bool is_array)
{
	static const char mark[] = "\xef\xbb\xbf";

	*s = (struct items){ body, body + len, is_array };
	/* json_parse() skips a byte order mark too. */
	if (len >= strlen(mark) && memcmp(body, mark, strlen(mark)) == 0)
		s->p += strlen(mark);
	if (!is_array)
		return;
	skip_blank(s);
	s->p++; /* the opening bracket */
}

static void
to_end_of_line(struct items *s)
{
	const char *newline = memchr(s->p, '\n', (size_t)(s->end - s->p));

	s->p = newline != NULL ? newline : s->end;
}

/* Moves after the string whose opening quote p points at. */
static void
skip_string(struct items *s)
{
	for (s->p++; s->p < s->end && *s->p != '"'; s->p++)
		if (*s->p == '\\')
			s->p++;
	s->p++;
}

/* Moves to the comma or the bracket after the element. */
static void
to_end_of_element(struct items *s)
{
	size_t depth = 0;

	while (s->p < s->end) {
		if (*s->p == '"') {
			skip_string(s);
			continue;
		}
		if (depth == 0 && (*s->p == ',' || *s->p == ']'))
			return;
		if (*s->p == '{' || *s->p == '[')
			depth++;
		else if (*s->p == '}' || *s->p == ']')
			depth--;
		s->p++;
	}
}

bool
items_next(struct items *s, struct item *out)
{
	skip_blank(s);
	if (s->p >= s->end || (s->is_array && *s->p == ']'))
		return false;
	out->text = s->p;
	if (s->is_array)
		to_end_of_element(s);
	else
		to_end_of_line(s);
	out->len = (size_t)(s->p - out->text);
	if (s->is_array && s->p < s->end && *s->p == ',')
		s->p++;
	return true;
}
