#include "answer.h"

#include <string.h>

/* The 200 of "HTTP/1.1 200 OK"; libcurl has checked the form of the line. */
static int
status_of(const char *line, size_t len)
{
	const char *digits = memchr(line, ' ', len);
	size_t i = digits == NULL ? len : (size_t)(digits - line) + 1;
	int status = 0, n;

	for (n = 0; n < 3 && i < len && line[i] >= '0' && line[i] <= '9'; n++)
		status = status * 10 + (line[i++] - '0');
	return status;
}

bool
answer_is_final(int status)
{
	return status >= 200 || status == 101;
}

bool
answer_line(struct answer *a, const char *line, size_t len)
{
	if (a->is_whole || len == 0)
		return true;
	a->len += len;
	if (a->len > ANSWER_HEAD_MAX) {
		a->is_too_long = true;
		return false;
	}
	if (a->status == 0 && len >= 5 && strncmp(line, "HTTP/", 5) == 0)
		a->status = status_of(line, len);
	if (line[0] == '\r' || line[0] == '\n') {
		a->is_whole = answer_is_final(a->status);
		if (!a->is_whole)
			a->status = 0;
	}
	return true;
}
