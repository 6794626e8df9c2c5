#include "verdict.h"

#include <stddef.h>
#include <string.h>

const char *
verdict(const struct attempt *a)
{
	/* These are about the message: who answers so lives and works. */
	static const int refusals[] = { 400, 409, 413, 415, 422 };
	size_t i;

	if (a->error == NULL)
		return "good";
	if (strcmp(a->error, ERROR_INTERNAL) == 0)
		return NULL;
	if (strcmp(a->error, ERROR_HTTP) != 0)
		return "bad";
	if (a->http_status == 410)
		return "gone";
	for (i = 0; i < sizeof(refusals) / sizeof(*refusals); i++)
		if (a->http_status == refusals[i])
			return "good";
	return "bad";
}
