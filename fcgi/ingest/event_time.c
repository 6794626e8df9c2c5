#include "event_time.h"

#include <stdio.h>

#include "rfc3339.h"

/* Clocks of senders differ by some minutes; a larger lead is an error. */
static const int64_t AHEAD_MAX = 5 * 60 * (int64_t)1000000;

bool
event_time_check(int64_t us, int64_t now, const char *where, const char *field,
    struct faults *faults)
{
	char input[RFC3339_LEN + 1], server[RFC3339_LEN + 1], msg[128];

	if (us - now <= AHEAD_MAX)
		return true;
	rfc3339_format(us, input);
	rfc3339_format(now, server);
	snprintf(msg, sizeof(msg),
	    "Input should be at most 5 minutes ahead of the server's clock, "
	    "which shows %s",
	    server);
	faults_add_text(faults, "value_error", where, field, msg, input);
	return false;
}
