#include "verdict.h"

#include <stddef.h>

enum verdict
verdict_of(const struct attempt *a)
{
	/* With these statuses a working receiver refuses a single message. */
	static const int refusals[] = { 400, 409, 413, 415, 422 };
	size_t i;

	if (a->error == ERROR_NONE)
		return VERDICT_GOOD;
	if (a->error == ERROR_INTERNAL)
		return VERDICT_NONE;
	if (a->error != ERROR_HTTP)
		return VERDICT_BAD;
	if (a->http_status == 410)
		return VERDICT_GONE;
	for (i = 0; i < sizeof(refusals) / sizeof(*refusals); i++)
		if (a->http_status == refusals[i])
			return VERDICT_GOOD;
	return VERDICT_BAD;
}

const char *
verdict_name(enum verdict verdict)
{
	static const char *const names[VERDICTS] = { [VERDICT_NONE] = NULL,
		[VERDICT_GOOD] = "good",
		[VERDICT_BAD] = "bad",
		[VERDICT_GONE] = "gone" };

	return names[verdict];
}
