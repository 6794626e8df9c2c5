#include "reason.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define SQLSTATE_CHARS "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

struct line {
	const char *text;
	size_t len;
	const char *sqlstate; /* in text, or NULL */
};

/*
 * "…FATAL:  53300: sorry, too many clients already": the severity can be in any
 * language, so find_sqlstate() looks for the code between two blanks and a
 * colon.
 */
static const char *
find_sqlstate(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i + SQLSTATE_LEN + 4 <= len; i++)
		if (strncmp(text + i, "  ", 2) == 0 &&
		    strspn(text + i + 2, SQLSTATE_CHARS) == SQLSTATE_LEN &&
		    strncmp(text + i + 2 + SQLSTATE_LEN, ": ", 2) == 0)
			return text + i + 2;
	return NULL;
}

static int
weight(const struct line *line)
{
	if (line->sqlstate == NULL)
		return 0;
	return strncmp(line->sqlstate, "28000", SQLSTATE_LEN) == 0 ? 1 : 2;
}

/*
 * Whether the line is a failure. Other lines are hints, which are indented, or
 * details such as LOCATION.
 */
static bool
is_failure(const char *text)
{
	return strncmp(text, "connection to ", 14) == 0;
}

/*
 * Of lines with equal weight the first counts: a later line, about a second try
 * without TLS, follows from the first.
 */
void
reason_choose(const char *message, char sqlstate[SQLSTATE_LEN + 1],
    char reason[REASON_LEN])
{
	struct line best = { message, strcspn(message, "\n"), NULL }, line;
	const char *p;
	int cut = 0;

	best.sqlstate = find_sqlstate(best.text, best.len);
	for (p = message; *p != '\0'; p += line.len + (p[line.len] == '\n')) {
		line.text = p;
		line.len = strcspn(p, "\n");
		line.sqlstate = find_sqlstate(p, line.len);
		if (is_failure(p) && weight(&line) > weight(&best))
			best = line;
	}
	snprintf(sqlstate, SQLSTATE_LEN + 1, "%s",
	    best.sqlstate != NULL ? best.sqlstate : "");
	if (best.sqlstate != NULL)
		cut = (int)(best.sqlstate - best.text);
	/* Without the SQLSTATE, which is returned separately. */
	snprintf(reason, REASON_LEN, "%.*s%.*s", cut, best.text,
	    (int)best.len - cut - (cut > 0 ? SQLSTATE_LEN + 2 : 0),
	    best.text + cut + (cut > 0 ? SQLSTATE_LEN + 2 : 0));
}

void
reason_hide(char reason[REASON_LEN], const char *value)
{
	char before[REASON_LEN], *p = reason;
	size_t n = strlen(value);

	while (n > 0 && (p = strchr(p, '"')) != NULL) {
		p++;
		if (strncmp(p, value, n) != 0 || p[n] != '"')
			continue;
		snprintf(before, sizeof(before), "%s", reason);
		snprintf(p, (size_t)(reason + REASON_LEN - p), "***%s",
		    before + (p - reason) + n);
	}
}
