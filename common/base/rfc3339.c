#include "rfc3339.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const int64_t SECOND = 1000000;

void
rfc3339_format(int64_t us, char out[RFC3339_LEN + 1])
{
	time_t seconds = (time_t)(us / SECOND);
	struct tm tm;

	gmtime_r(&seconds, &tm);
	snprintf(out, RFC3339_LEN + 1, "%04u-%02u-%02uT%02u:%02u:%02u.%06uZ",
	    (unsigned)(tm.tm_year + 1900) % 10000u, (unsigned)(tm.tm_mon + 1),
	    (unsigned)tm.tm_mday, (unsigned)tm.tm_hour, (unsigned)tm.tm_min,
	    (unsigned)tm.tm_sec, (unsigned)(us % SECOND) % 1000000u);
}

/* Reads exactly n digits and, unless `then` is 0, that byte after them. */
static bool
digits(const char **p, int n, char then, int low, int high, int *out)
{
	int i;

	for (*out = i = 0; i < n; i++, (*p)++) {
		if (!isdigit((unsigned char)**p))
			return false;
		*out = *out * 10 + (**p - '0');
	}
	if (then != 0 && *(*p)++ != then)
		return false;
	return *out >= low && *out <= high;
}

static int64_t
fraction(const char **p)
{
	int64_t us = 0, unit = SECOND / 10;
	bool rest = false;

	for (; isdigit((unsigned char)**p); (*p)++, unit /= 10) {
		us += (**p - '0') * unit;
		rest = rest || (unit == 0 && **p != '0');
	}
	return us + rest;
}

/* Seconds east of UTC; a space stands for a + that was form-decoded. */
static bool
zone(const char *p, int *offset)
{
	int sign, hours, minutes;

	*offset = 0;
	if ((*p == 'Z' || *p == 'z') && p[1] == '\0')
		return true;
	sign = *p == '-' ? -1 : 1;
	if (*p != '+' && *p != '-' && *p != ' ')
		return false;
	p++;
	if (!digits(&p, 2, ':', 0, 23, &hours) ||
	    !digits(&p, 2, 0, 0, 59, &minutes) || *p != '\0')
		return false;
	*offset = sign * (hours * 3600 + minutes * 60);
	return true;
}

static int
days_in_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30,
		31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

bool
rfc3339_parse(const char *p, int64_t *us)
{
	int offset;
	struct tm tm = { 0 };

	if (!digits(&p, 4, '-', 1970, 9999, &tm.tm_year) ||
	    !digits(&p, 2, '-', 1, 12, &tm.tm_mon) ||
	    !digits(&p, 2, 0, 1, days_in_month(tm.tm_year, tm.tm_mon),
		&tm.tm_mday) ||
	    *p == '\0' || strchr("Tt ", *p) == NULL)
		return false;
	p++;
	if (!digits(&p, 2, ':', 0, 23, &tm.tm_hour) ||
	    !digits(&p, 2, ':', 0, 59, &tm.tm_min) ||
	    !digits(&p, 2, 0, 0, 59, &tm.tm_sec))
		return false;
	*us = 0;
	if (*p == '.') {
		p++;
		if (!isdigit((unsigned char)*p))
			return false;
		*us = fraction(&p);
	}
	if (!zone(p, &offset))
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	*us += ((int64_t)timegm(&tm) - offset) * SECOND;
	return *us >= 0;
}
