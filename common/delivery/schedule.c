#include "schedule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	SECONDS_MAX = 7 * 24 * 60 * 60
};

/*
 * Digits with or without a fraction, but no other form that strtod() accepts,
 * and few enough digits for PostgreSQL to read the same number.
 */
static const char *
parse_number(const char *p, double *out)
{
	size_t n;

	p += strspn(p, " \t");
	n = strspn(p, "0123456789");
	if (n == 0 || n > 9)
		return NULL;
	*out = strtod(p, NULL);
	p += n;
	if (*p == '.') {
		n = strspn(p + 1, "0123456789");
		if (n == 0 || n > 9)
			return NULL;
		p += n + 1;
	}
	p += strspn(p, " \t");
	return *out <= SECONDS_MAX && (*p == '\0' || *p == ',') ? p : NULL;
}

enum status
schedule_parse(struct schedule *s, const char *text, char error[256])
{
	const char *p = text;

	for (s->n = 0; s->n < SCHEDULE_MAX; p++) {
		p = parse_number(p, &s->seconds[s->n]);
		if (p == NULL)
			break;
		s->n++;
		if (*p == '\0')
			return STATUS_OK;
	}
	snprintf(error, 256,
	    "a schedule has 1 to %d numbers of 0 to %d seconds, separated by "
	    "commas",
	    SCHEDULE_MAX, SECONDS_MAX);
	return STATUS_REJECT;
}

double
schedule_seconds(const struct schedule *s, int attempt)
{
	int i = attempt < 1 ? 0 : attempt - 1;

	return s->seconds[i < s->n ? i : s->n - 1];
}
