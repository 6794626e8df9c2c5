#include "dbclock.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "log.h"

enum {
	US = 1000000,
	FAR_SECONDS = 30
};

static bool is_known;
static int64_t offset_us; /* from the steady clock to the database's */
static double last_skew;

struct moment
dbclock_moment(void)
{
	return (struct moment){ clock_wall_us(), clock_steady_us() };
}

int64_t
dbclock_skew_us(int64_t shown_us, int64_t asked_us, int64_t heard_us)
{
	if (shown_us < asked_us)
		return asked_us - shown_us;
	return shown_us > heard_us ? heard_us - shown_us : 0;
}

void
dbclock_hear(const char *shown, const struct moment *asked)
{
	struct moment heard = dbclock_moment();
	double seconds = shown != NULL ? strtod(shown, NULL) : 0;
	int64_t us;

	if (!(seconds > 0 && seconds < 1e11))
		return;
	us = (int64_t)(seconds * US);
	/* now() was read in between; the middle errs by half at most. */
	offset_us =
	    us - (asked->steady_us + (heard.steady_us - asked->steady_us) / 2);
	is_known = true;
	/* Not heard.wall_us, since the wall clock can be set meanwhile. */
	last_skew = (double)dbclock_skew_us(us, asked->wall_us,
			asked->wall_us + heard.steady_us - asked->steady_us) /
	    US;
}

int64_t
dbclock_us(void)
{
	return is_known ? clock_steady_us() + offset_us : clock_wall_us();
}

double
dbclock_skew(void)
{
	return last_skew;
}

bool
dbclock_is_far(double skew)
{
	return fabs(skew) > FAR_SECONDS;
}

void
dbclock_text(char *text, size_t n, const char *whose, double skew)
{
	snprintf(text, n, "%s is %.0f s %s the database", whose, fabs(skew),
	    skew > 0 ? "ahead of" : "behind");
}

void
dbclock_tell(atomic_bool *told)
{
	bool is_far = dbclock_is_far(last_skew), was = !is_far;
	char text[128];

	/* Only one of the processes logs a change. */
	if (!atomic_compare_exchange_strong(told, &was, is_far))
		return;
	dbclock_text(text, sizeof(text), "this host", last_skew);
	if (is_far)
		log_warn("clock: %s: set the clock that is wrong (NTP)", text);
	else
		log_info("clock: this host agrees with the database again");
}
