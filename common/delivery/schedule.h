/* The schedule of attempts: how many seconds to wait before each. */
#ifndef SCHEDULE_H
#define SCHEDULE_H

#include "status.h"

enum {
	SCHEDULE_MAX = 50
};

struct schedule {
	double seconds[SCHEDULE_MAX];
	int n; /* at least 1 */
};

/*
 * "0,1,5.5": 1 to SCHEDULE_MAX numbers of 0 to 604800 seconds, white space
 * allowed around them. STATUS_REJECT: error says what is wrong.
 */
enum status schedule_parse(
    struct schedule *, const char *text, char error[256]) MUST_CHECK;
/*
 * Seconds to wait before an attempt, counted from 1; the last number repeats.
 */
double schedule_seconds(const struct schedule *, int attempt);

#endif
