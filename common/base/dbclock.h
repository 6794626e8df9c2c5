/*
 * The database's clock as this process knows it, from what its statements
 * answer. All hosts share that clock; this host's own may be wrong.
 */
#ifndef DBCLOCK_H
#define DBCLOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Both clocks of this host, read at one time. */
struct moment {
	int64_t wall_us, steady_us;
};

struct moment dbclock_moment(void);
/*
 * shown: a statement's now(), in seconds since 1970. The statement was sent
 * behind `asked`, and its answer has come just now.
 */
void dbclock_hear(const char *shown, const struct moment *asked);

/*
 * Microseconds since 1970 by the database's clock, whatever happened to this
 * host's meanwhile. Before the first answer it is this host's clock.
 */
int64_t dbclock_us(void);

/*
 * Seconds that this host's clock was ahead of the database's when the last
 * answer came; negative: behind. Never more than what is certain, however long
 * that statement took.
 */
double dbclock_skew(void);
/* The same of one answer that came between two moments; in microseconds. */
int64_t dbclock_skew_us(int64_t shown_us, int64_t asked_us, int64_t heard_us);

/* Worth a warning: more than half a minute to either side. */
bool dbclock_is_far(double skew);
/* "this host is 7200 s ahead of the database" */
void dbclock_text(char *text, size_t n, const char *whose, double skew);
/* Logs it when it begins and when it ends, not each time; *told remembers. */
void dbclock_tell(atomic_bool *told);

#endif
