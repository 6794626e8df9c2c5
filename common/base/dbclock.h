/*
 * The database's clock as this process knows it from the answers to its
 * statements. All hosts share that clock; this host's own can be wrong.
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
 * Sets the clock by a statement that was sent after `asked`, and whose answer
 * has just arrived. shown: its now(), in seconds since 1970.
 */
void dbclock_hear(const char *shown, const struct moment *asked);

/*
 * Microseconds since 1970 by the database's clock, even if this host's clock
 * was set meanwhile. Before the first answer: by this host's clock.
 */
int64_t dbclock_us(void);

/*
 * Seconds that this host's clock was ahead of the database's when the last
 * answer came; negative: behind. Only the part that is certain counts, so a
 * slow statement can make the result smaller, never greater.
 */
double dbclock_skew(void);
/*
 * Computes that skew, in microseconds, from a statement that was sent at
 * asked_us and answered at heard_us by this host's clock, and whose now() was
 * shown_us.
 */
int64_t dbclock_skew_us(int64_t shown_us, int64_t asked_us, int64_t heard_us);

/* Whether it is more than 30 s either way, which is worth a warning. */
bool dbclock_is_far(double skew);
/* "this host is 7200 s ahead of the database" */
void dbclock_text(char *text, size_t n, const char *whose, double skew);
/*
 * Logs when the clock is wrong, and when right again; *told: wrong was logged.
 */
void dbclock_tell(atomic_bool *told);

#endif
