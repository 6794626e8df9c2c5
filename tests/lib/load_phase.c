#include "load_phase.h"

#include <stdarg.h>

#include "clock.h"
#include "load.h"
#include "t.h"

enum {
	PHASES_MAX = 16, /* one stays free: its began_ms ends the last phase */
};

static struct phase phases[PHASES_MAX];
static atomic_int begun; /* number of phases */

struct phase *
phase_now(void)
{
	return &phases[begun - 1];
}

void
phase_ok(struct phase *p, int took_ms)
{
	if (p->ok < PHASE_TIMES_MAX)
		p->times_ms[p->ok] = took_ms;
	p->ok++;
}

void
phase_failed(struct phase *p, const char *format, ...)
{
	va_list ap;

	if (p->failed == 0) {
		va_start(ap, format);
		vsnprintf(p->first, sizeof(p->first), format, ap);
		va_end(ap);
	}
	p->failed++;
}

void
load_phase(const char *name)
{
	assert_true(begun + 1 < PHASES_MAX);
	phases[begun].name = name;
	phases[begun].began_ms = clock_steady_ms();
	begun++;
}

long
load_failed(const char **first)
{
	*first = phase_now()->first;
	return phase_now()->failed;
}

static int
compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

long
load_print(void)
{
	struct phase *p;
	long n, failed = 0;

	printf("%-28s %6s %7s %7s %7s %9s %7s %7s\n", "phase", "rate", "sent",
	    "ok", "failed", "repeated", "p99 ms", "max ms");
	phases[begun].began_ms = clock_steady_ms();
	for (p = phases; p < phases + begun; p++) {
		n = p->ok < PHASE_TIMES_MAX ? p->ok : PHASE_TIMES_MAX;
		qsort(p->times_ms, (size_t)n, sizeof(int), compare);
		printf("%-28s %6ld %7ld %7ld %7ld %9ld %7d %7d  %s\n", p->name,
		    (long)(p->begun * 1000 / (p[1].began_ms - p->began_ms)),
		    (long)p->begun, p->ok, (long)p->failed, p->repeated,
		    n > 0 ? p->times_ms[n * 99 / 100] : 0,
		    n > 0 ? p->times_ms[n - 1] : 0, p->first);
		failed += p->failed;
	}
	return failed;
}
